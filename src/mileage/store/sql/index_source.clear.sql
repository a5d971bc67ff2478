DELETE FROM source WHERE source NOT IN (SELECT source FROM file WHERE outside = 0)
