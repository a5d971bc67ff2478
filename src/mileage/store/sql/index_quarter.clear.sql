DELETE FROM quarter
