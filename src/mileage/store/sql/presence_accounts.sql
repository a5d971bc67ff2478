select distinct account from heard_since($after) order by account
