-- Ids that end in 20 letters, digits, '-' and '_' (most that are not hexadecimal) are kept
-- as numbers too: such characters are those of base64, and 20 of them 15 bytes.
create macro is_worded(name) as regexp_full_match(name, '(?s).*[0-9A-Za-z_-]{20}');
create macro worded(name) as hex(from_base64(translate(right(name, 20), '-_', '+/')));
create macro unworded(numbered, more) as
    translate(
        to_base64(unhex(lpad(to_hex(more), 14, '0') || lpad(to_hex(numbered), 16, '0'))),
        '+/', '-_'
    );

-- By which a plain call is found; names that are kept elsewhere have ``number``.
create macro key_number(name) as
    case
        when is_packed(name) then ('0x' || substr(name, -24, 16))::ubigint
        when is_worded(name) then ('0x' || right(worded(name), 16))::ubigint
        else md5_number_lower(name)
    end;
create or replace macro name_head(name) as
    case
        when is_packed(name) then left(name, -24)
        when is_worded(name) then left(name, -20)
        else name
    end;
create macro name_more(name) as
    case
        when is_packed(name) then null
        when is_worded(name) then ('0x' || left(worded(name), 14))::ubigint
    end;

-- What begins the 20 characters; null: there are none, or the key ends in hexadecimal.
alter table plain_call add column key_more ubigint;
update plain_call
set
    key_head = name_head(key_head),
    key_number = key_number(key_head),
    key_more = name_more(key_head)
where key_tail is null and is_worded(key_head);

drop macro whole_name;
create macro whole_name(head, numbered, tail, more) as
    case
        when tail is not null then
            head || lpad(lower(to_hex(numbered)), 16, '0')
            || lpad(lower(to_hex(tail)), 8, '0')
        when more is not null then head || unworded(numbered, more)
        else head
    end;
create or replace view plain_named as
select
    * replace (
        coalesce(link, whole_name(key_head, key_number, key_tail, key_more)) as link
    ),
    whole_name(key_head, key_number, key_tail, key_more) as key,
    rowid as place
from plain_call;
