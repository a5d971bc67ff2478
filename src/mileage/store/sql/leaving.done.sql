delete from plain_call where rowid in (select place from leaving)
