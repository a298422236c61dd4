with in_force as (

    {{ in_force('signals') }}

),

renamed as (

    select
        signal.municipality_code,
        signal.signal_month,
        signal.drop_id,
        signal.line_no,
        signal.creditor,
        signal.household_id,
        signal.signaal_id as signal_id,
        signal.bedrag as amount_eur,
        signal.ontstaansdatum as arrears_since,
        signal.signaaldatum as signal_date,
        coalesce(signal.crisissignaal, false) as is_crisis,
        coalesce(signal.warme_overdracht, false) as is_warm_handover
    from {{ source('quality', 'accepted_signals') }} as signal
    inner join in_force using (drop_id)
    where not exists (
        select 1
        from {{ source('quality', 'replaced_signal') }} as replaced
        where
            replaced.municipality_code = signal.municipality_code
            and replaced.drop_id = signal.drop_id
            and replaced.line_no = signal.line_no
    )

)

select * from renamed
