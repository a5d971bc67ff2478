create temp table if not exists standing_account (number integer, account varchar)
