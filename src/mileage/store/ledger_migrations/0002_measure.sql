-- What a witness knows of the tokens: '' exact, 'estimate', 'unmeasured'. Everything
-- written before was exact.

alter table witness add column measure varchar default '';
