create temp table if not exists standing_use_tool (
    day date, number integer, client varchar, model varchar, tokens bigint,
    cost bigint, gain bigint, paid bigint
)
