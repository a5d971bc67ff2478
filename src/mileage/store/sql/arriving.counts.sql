select source, count(*) from arriving group by source
