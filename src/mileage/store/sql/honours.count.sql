select count(*) from honour_measured
