-- The statistics of the evaluation: intervals, tests and effect sizes, in plain PostgreSQL 15 and without extensions.
--
-- What is not defined is null: without observations, with one of them where a variance is needed, without any variance.
-- What cannot be (more successes than cases, a negative variance) is an error: then the question is wrong. NaN among
-- what is given makes NaN of what comes out.
--
-- Functions with several results give one row, of nulls where nothing is defined: `cross join lateral` loses no row.

create schema if not exists statistics;
grant usage on schema statistics to transformer;

create or replace function statistics.wilson(
    successes bigint, n bigint, out low_pct double precision, out high_pct double precision
)
language plpgsql immutable strict parallel safe as $$
-- The 95 % score interval of a proportion, in percent and not rounded; without continuity correction.
-- Source: E.B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
--
-- The bounds are the roots of a quadratic equation. The lower one is computed as the product of the two divided by the
-- higher: a difference of nearly equal numbers would leave few digits, and for no successes something just beside 0.
declare
    z constant double precision := 1.959963984540054;  -- of the normal distribution, 2.5 % lies above
    failures constant bigint := n - successes;
    root double precision;
begin
    if n < 0 or successes < 0 or failures < 0 then
        raise 'successes are a part of n, and both are counts' using errcode = 'invalid_parameter_value';
    end if;
    if n = 0 then
        return;
    end if;
    root := z * sqrt(successes::double precision * failures / n + z * z / 4) + z * z / 2;
    low_pct := 100 * (successes::double precision / n) * (successes / (successes + root));
    high_pct := 100 - 100 * (failures::double precision / n) * (failures / (failures + root));
end
$$;

create or replace function statistics.normal_cdf(x double precision) returns double precision
language plpgsql immutable strict parallel safe as $$
-- The probability that a standard normal variable is at most x. Below -37.5 it is less than 1e-307, and 0 here.
--
-- A power series in the middle, Laplace's continued fraction in the tails. The lower tail is right relatively too: ask
-- for the upper one as normal_cdf(-x), not as 1 - normal_cdf(x).
-- Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.11 and 26.2.14.
declare
    terms constant integer := 80;  -- of the fraction; at 2.5 some 40 are enough for double precision
    density_at_0 constant double precision := 0.3989422804014327;
    size constant double precision := abs(x);
    term double precision := x;
    total double precision := x;
    k integer := 1;
begin
    if x = 'NaN' then
        return x;
    elsif size < 1e-9 then
        -- The square of what is smaller yet would be an underflow, which is an error in PostgreSQL.
        return 0.5 + case when size < 1e-17 then 0 else x * density_at_0 end;
    elsif size < 2.5 then
        while abs(term) > 1e-17 * abs(total) loop
            k := k + 2;
            term := term * x * x / k;
            total := total + term;
        end loop;
        return 0.5 + density_at_0 * exp(-x * x / 2) * total;
    elsif size > 37.5 then
        return case when x > 0 then 1 else 0 end;
    end if;
    total := size;
    for remaining in reverse terms..1 loop
        total := size + remaining / total;
    end loop;
    total := density_at_0 * exp(-x * x / 2) / total;
    return case when x > 0 then 1 - total else total end;
end
$$;

create or replace function statistics.log1p(x double precision) returns double precision
language sql immutable strict parallel safe as $$
    -- ln(1 + x) for x from 0, with all digits for a small x too: the rounding of 1 + x is put right by its own size.
    -- Source: D. Goldberg, ACM Computing Surveys 23 (1991), 5-48, theorem 4.
    select case when 1 + x = 1 or x = 'Infinity' then x else ln(1 + x) * (x / ((1 + x) - 1)) end
$$;

create or replace function statistics.gamma_ratio(a double precision) returns double precision
language plpgsql immutable strict parallel safe as $$
-- Gamma(a + 1/2) / Gamma(a), for a above 0. The difference of two logarithms of gamma would lose its digits for a
-- large a.
--
-- An asymptotic series from 16 on; a smaller a is brought there by the recurrence of gamma.
-- Source: Tricomi and Erdelyi, Pacific Journal of Mathematics 1 (1951), 133-142.
declare
    at double precision := a;
    factor double precision := 1;
begin
    if a <= 0 then
        raise 'the ratio is for numbers above 0' using errcode = 'invalid_parameter_value';
    end if;
    while at < 16 loop
        factor := factor * at / (at + 0.5);
        at := at + 1;
    end loop;
    if at > 1e16 then
        return sqrt(at);
    end if;
    return factor * sqrt(at) * exp(
        (-1.0 / 8 + (1.0 / 192 + (-1.0 / 640 + (17.0 / 14336 - 31.0 / 18432 / at / at) / at / at) / at / at) / at / at)
        / at
    );
end
$$;

create or replace function statistics.student_t_tail(t double precision, degrees double precision)
returns double precision
language plpgsql immutable strict parallel safe as $$
-- The probability that a variable with Student's t distribution is above the size of t; right relatively too. What is
-- less than 1e-307 is 0. `degrees` is any number above 0, infinity for the normal distribution.
--
-- Half the regularised incomplete beta function I_x(degrees / 2, 1/2) with x = degrees / (degrees + t^2), by a
-- continued fraction, from the side where it converges fast: I_x(a, b) = 1 - I_y(b, a) with y = 1 - x. The number of
-- its terms grows with the root of the degrees, and so above 100000 t is made a normal variable; there that is as
-- precise.
-- Sources: DiDonato and Morris, ACM Transactions on Mathematical Software 18 (1992), 360-373 (the fraction); Thompson
-- and Barnett, Journal of Computational Physics 64 (1986), 490-509 (Lentz's method, modified); G.W. Hill, Algorithm
-- 395, Communications of the ACM 13 (1970), 617-619 (the normal variable).
declare
    tiny constant double precision := 1e-290;
    ratio double precision;  -- t / root of the degrees
    log_term double precision;  -- ln(1 + t^2 / degrees)
    -- Hill: the normal variable at first approximation, and what its corrections are divided by.
    w double precision;
    divisor double precision;
    -- x is that of I_x(a, b), y the rest of 1; each has all its digits, also where it is small.
    a double precision := degrees / 2;
    b double precision := 0.5;
    x double precision;
    y double precision;
    is_other_side boolean;
    scale double precision;
    -- Lentz: the fraction so far, and the last quotients of its numerators and of its denominators.
    fraction double precision;
    upper double precision;
    lower double precision;
    numerator double precision;
    denominator double precision;
    step double precision;
begin
    if degrees <= 0 then
        raise 'degrees of freedom are above 0' using errcode = 'invalid_parameter_value';
    elsif t = 'NaN' or degrees = 'NaN' then
        return 'NaN';
    elsif abs(t) < 1e-17 then
        return 0.5;
    elsif t in ('Infinity', '-Infinity') then
        return 0;
    elsif degrees > 1e20 then
        return statistics.normal_cdf(-abs(t));
    end if;
    ratio := abs(t) / sqrt(degrees);
    if ratio > 1e50 then
        -- Its powers, and those of x, would soon be beyond a double, which is an error in PostgreSQL.
        log_term := 2 * ln(ratio);
        x := 0;
        y := 1;
    else
        log_term := statistics.log1p(ratio * ratio);
        x := 1 / (1 + ratio * ratio);
        y := ratio * ratio / (1 + ratio * ratio);
    end if;

    if degrees > 100000 then
        w := sqrt((degrees - 0.5) * log_term);
        if w > 38 then
            return 0;
        end if;
        divisor := 48 * (degrees - 0.5) * (degrees - 0.5);
        return statistics.normal_cdf(-(
            w + (w ^ 3 + 3 * w) / divisor
            - (4 * w ^ 7 + 33 * w ^ 5 + 240 * w ^ 3 + 855 * w) / (10 * divisor * (divisor + 0.8 * w ^ 4 + 100))
        ));
    end if;

    -- x^a y^b / B(a, b), the same from both sides.
    if a * log_term > 707 then
        return 0;
    end if;
    scale := exp(-a * log_term) * sqrt(y / pi()) * statistics.gamma_ratio(a);
    is_other_side := x * (a + 2.5) > a + 1;
    if is_other_side then
        select b, a, y, x into a, b, x, y;
    end if;

    fraction := a * (a * y - b * x + 1) / (a + 1);
    upper := fraction;
    lower := 0;
    for m in 1..10000 loop
        numerator := (a + m - 1) * (a + b + m - 1) * m * (b - m) * (x / (a + 2 * m - 1)) * (x / (a + 2 * m - 1));
        denominator := m + m * (b - m) * x / (a + 2 * m - 1)
            + (a + m) * (a * y - b * x + 1 + m * (1 + y)) / (a + 2 * m + 1);
        lower := denominator + numerator * lower;
        lower := 1 / case when abs(lower) < tiny then tiny else lower end;
        upper := denominator + numerator / upper;
        upper := case when abs(upper) < tiny then tiny else upper end;
        step := upper * lower;
        fraction := fraction * step;
        if abs(step - 1) < 1e-15 then
            return case when is_other_side then 0.5 - scale / fraction / 2 else scale / fraction / 2 end;
        end if;
    end loop;
    raise 'the tail of t did not converge';
end
$$;

create or replace function statistics.student_t_cdf(t double precision, degrees double precision)
returns double precision
language sql immutable strict parallel safe as $$
    -- The probability that a variable with Student's t distribution is at most t. See `student_t_tail`.
    select case when t > 0 then 1 - statistics.student_t_tail(t, degrees) else statistics.student_t_tail(t, degrees) end
$$;

create or replace function statistics.welch(
    n1 bigint, mean1 double precision, variance1 double precision,
    n2 bigint, mean2 double precision, variance2 double precision,
    out t double precision, out degrees double precision, out p double precision
)
language plpgsql immutable strict parallel safe as $$
-- Whether two groups have the same mean, their variances being whatever they are: t (above 0 when the first mean is the
-- higher), its degrees of freedom, and the two-sided p. The variances are those of samples (var_samp).
-- Sources: B.L. Welch, Biometrika 34 (1947), 28-35; F.E. Satterthwaite, Biometrics Bulletin 2 (1946), 110-114.
declare
    error1 double precision;  -- the squared standard error of a mean
    error2 double precision;
begin
    if n1 < 0 or n2 < 0 or variance1 < 0 or variance2 < 0 then
        raise 'counts and variances are not below 0' using errcode = 'invalid_parameter_value';
    end if;
    if n1 < 2 or n2 < 2 or (variance1 = 0 and variance2 = 0) then
        return;
    end if;
    error1 := variance1 / n1;
    error2 := variance2 / n2;
    t := (mean1 - mean2) / sqrt(error1 + error2);
    -- As parts of their sum: the squares of the errors themselves may be too small for a double.
    degrees := 1 / (
        greatest(error1 / (error1 + error2), 1e-100) ^ 2 / (n1 - 1)
        + greatest(error2 / (error1 + error2), 1e-100) ^ 2 / (n2 - 1)
    );
    p := 2 * statistics.student_t_tail(t, degrees);
end
$$;

create or replace function statistics.effect_size(
    n1 bigint, mean1 double precision, variance1 double precision,
    n2 bigint, mean2 double precision, variance2 double precision,
    out cohens_d double precision, out hedges_g double precision
)
language plpgsql immutable strict parallel safe as $$
-- How far two means lie apart, in standard deviations; above 0 when the first is the higher. The standard deviation is
-- that of both groups pooled: the root of ((n1 - 1) variance1 + (n2 - 1) variance2) / (n1 + n2 - 2). The variances are
-- those of samples (var_samp).
--
-- Cohen's d of samples is too far from 0 on average; Hedges' g is d times the exact correction for that,
-- Gamma(m / 2) / (sqrt(m / 2) Gamma((m - 1) / 2)) with m = n1 + n2 - 2.
-- Sources: J. Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), 66-67; L.V. Hedges, Journal of
-- Educational Statistics 6 (1981), 107-128.
declare
    m constant bigint := n1 + n2 - 2;
    pooled double precision;
begin
    if n1 < 0 or n2 < 0 or variance1 < 0 or variance2 < 0 then
        raise 'counts and variances are not below 0' using errcode = 'invalid_parameter_value';
    end if;
    if n1 < 2 or n2 < 2 or (variance1 = 0 and variance2 = 0) then
        return;
    end if;
    pooled := ((n1 - 1)::double precision / m) * variance1 + ((n2 - 1)::double precision / m) * variance2;
    cohens_d := (mean1 - mean2) / sqrt(pooled);
    hedges_g := cohens_d * statistics.gamma_ratio((m - 1) / 2.0) / sqrt(m / 2.0);
end
$$;

create or replace function statistics.mann_whitney(
    a double precision [], b double precision [],
    out u double precision, out p double precision,
    out common_language double precision, out rank_biserial double precision
)
language sql immutable parallel safe as $$
    -- Whether the values of one group tend to be higher than those of another. Nulls among the values are left out, as
    -- aggregates do.
    --   u                of all pairs of one of a and one of b, in how many a's is the higher; equal ones are a half
    --   p                two-sided, by the normal approximation, corrected for ties and for continuity; 1 when all are
    --                    equal
    --   common_language  u as a part of all pairs: the chance that one of a is higher than one of b; 0.5: no difference
    --   rank_biserial    the part of the pairs in which a is higher minus that in which b is, from -1 to 1
    -- The approximation is rough for groups of fewer than eight or so.
    -- Sources: Mann and Whitney, Annals of Mathematical Statistics 18 (1947), 50-60; E.L. Lehmann, Nonparametrics
    -- (1975), chapter 1 (corrections); McGraw and Wong, Psychological Bulletin 111 (1992), 361-365 (common language);
    -- D.S. Kerby, Comprehensive Psychology 3 (2014), 11.IT.3.1 (rank-biserial correlation).
    with observed as (
        select one.value, true as is_a from unnest(a) as one (value) where one.value is not null
        union all
        select one.value, false from unnest(b) as one (value) where one.value is not null
    ),

    -- Equal values share the mean of their places in order. Twice that mean is a whole number.
    tie as (
        select
            observed.value,
            count(*) as size,
            count(*) filter (where observed.is_a) as of_a,
            2 * sum(count(*)) over (order by observed.value) - count(*) + 1 as twice_rank
        from observed
        group by observed.value
    ),

    total as (
        select
            sum(tie.size) as n,
            sum(tie.of_a) as n_a,
            sum(tie.size - tie.of_a) as n_b,
            sum(tie.of_a * tie.twice_rank) as twice_ranks,
            sum(tie.size::numeric * tie.size * tie.size - tie.size) as ties,
            bool_or(tie.value = 'NaN') as has_nan
        from tie
    ),

    -- All whole numbers, and numeric: nothing is rounded before the end, and nothing is too large.
    test as (
        select
            total.has_nan,
            total.n_a * total.n_b as pairs,
            total.twice_ranks - total.n_a * (total.n_a + 1) as twice_u,
            total.n_a * total.n_b * (total.n * total.n * total.n - total.n - total.ties) as spread,
            12 * total.n * (total.n - 1) as spread_of
        from total
        where total.n_a > 0 and total.n_b > 0
    ),

    result as (
        select
            test.has_nan,
            test.twice_u::double precision / 2 as u,
            case when test.spread = 0 then 1 else least(1, 2 * statistics.normal_cdf(
                (1 - abs(test.twice_u - test.pairs))::double precision
                / (2 * sqrt(test.spread::double precision / test.spread_of::double precision))
            )) end as p,
            test.twice_u::double precision / (2 * test.pairs)::double precision as common_language,
            (test.twice_u - test.pairs)::double precision / test.pairs::double precision as rank_biserial
        from test
    )

    select
        case when result.has_nan then 'NaN' else result.u end,
        case when result.has_nan then 'NaN' else result.p end,
        case when result.has_nan then 'NaN' else result.common_language end,
        case when result.has_nan then 'NaN' else result.rank_biserial end
    from result
$$;

create or replace function statistics.withheld(counts bigint [], threshold integer) returns boolean []
language sql immutable strict parallel safe as $$
    -- Which rows of a table are not told, so that nobody finds a small number in it by subtracting what is told from the
    -- totals of the columns, which are known. Rows are places and columns are parts; they are given in the order of a
    -- lot that has nothing to do with their numbers. A row is told or withheld as a whole.
    --
    -- 1. A row with a number from 1 up to the threshold is withheld.
    -- 2. If there is one, further rows are withheld in the order of the lot: at least one, and until those withheld
    --    together count, in each part, the threshold more than they must anyhow, which is 1 for each small row and the
    --    threshold for each other. If that never is so, all are.
    --
    -- Then each withheld number has more than one value that fits what is told, also for who knows this rule: what they
    -- count beyond what they must may belong to either, and the rows that are not small have no upper bound.
    with cell as (
        select
            place.row,
            part.part,
            counts[place.row][part.part] as n
        from generate_subscripts(counts, 1) as place (row)
        cross join generate_subscripts(counts, 2) as part (part)
    ),

    ordered as (
        select
            cell.row,
            bool_or(cell.n > 0 and cell.n < threshold) as is_small,
            row_number() over (order by bool_or(cell.n > 0 and cell.n < threshold) desc, cell.row) as position
        from cell
        group by cell.row
    ),

    together as (
        select
            ordered.position,
            sum(cell.n) over (partition by cell.part order by ordered.position) as withheld,
            sum(cell.n) over (partition by cell.part) as total
        from ordered
        inner join cell using (row)
    ),

    must as (
        select
            count(*) filter (where is_small) as small,
            count(*) filter (where is_small) * (1 - threshold) + threshold as besides
        from ordered
    ),

    enough as (
        select min(safe.position) as position
        from (
            select together.position
            from together
            cross join must
            where together.position > must.small
            group by together.position, must.besides
            -- A part of which there is nothing at all has nothing to hide.
            having
                bool_and(together.total = 0 or together.withheld >= threshold * together.position + must.besides)
        ) as safe
    )

    select
        array_agg(
            (select bool_or(small.is_small) from ordered as small)
            and ordered.position <= coalesce(enough.position, ordered.position)
            order by ordered.row
        )
    from ordered
    cross join enough
$$;
