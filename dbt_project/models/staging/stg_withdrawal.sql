with in_force as (

    {{ in_force('withdrawals') }}

),

renamed as (

    select
        withdrawal.municipality_code,
        withdrawal.signal_month,
        withdrawal.drop_id,
        withdrawal.line_no,
        withdrawal.creditor,
        withdrawal.signaal_id as signal_id,
        withdrawal.reden as reason,
        withdrawal.datum as withdrawn_on
    from {{ source('quality', 'accepted_withdrawals') }} as withdrawal
    inner join in_force using (drop_id)

)

select * from renamed
