select
    indicator,
    dimension,
    year,
    figure,
    source
from {{ ref('benchmarks') }}
