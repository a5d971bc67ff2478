drop table doomed_call
