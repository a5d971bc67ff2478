drop table doomed_witness
