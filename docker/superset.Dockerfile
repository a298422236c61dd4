# Superset with the settings of the dashboards. Its pins do not go together with Airflow's, so it has an image of its own.
FROM python:3.11-slim-bookworm

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

RUN useradd --uid 10002 --no-create-home --shell /usr/sbin/nologin superset \
    && install -d -o superset -g superset -m 0750 /var/lib/superset

WORKDIR /opt/superset

# Before the code, which changes more often.
COPY requirements-dashboards.lock ./
RUN pip install --quiet -r requirements-dashboards.lock

COPY dashboards/superset_config.py dashboards/superset_prepare.py dashboards/
COPY docker/superset docker/superset-init docker/

USER superset
ENV HOME=/var/lib/superset
ENTRYPOINT ["docker/superset"]
CMD ["superset", "--help"]
