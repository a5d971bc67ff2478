DELETE FROM usage WHERE number = ?1
