select machine, client, max(client_version) as client_version, min(first) as first,
    max(last) as last
from presence_owned
where account = $account
group by machine, client
order by first, machine, client
