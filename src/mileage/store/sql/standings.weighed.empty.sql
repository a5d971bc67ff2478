create temp table if not exists standing_weighed (lenses varchar)
