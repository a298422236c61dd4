select
    list,
    code,
    ddas
from {{ ref('ddas_codes') }}
where ddas is not null
