# The platform in one image: every process of docker-compose.yml runs from it.
FROM python:3.11-slim-bookworm

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# State, landing area and results: made here so that the volumes over them belong to the user that runs the platform.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin vroegsignaal \
    && install -d -o vroegsignaal -g vroegsignaal -m 0750 \
        /var/lib/vroegsignaal /var/lib/vroegsignaal/airflow /srv/landing /srv/out

WORKDIR /opt/vroegsignaal

# Before the code, which changes more often.
COPY requirements-server.lock ./
RUN pip install --quiet -r requirements-server.lock

COPY . .
RUN pip install --quiet --no-deps --no-build-isolation --editable .

USER vroegsignaal
ENV HOME=/var/lib/vroegsignaal
ENTRYPOINT ["docker/entrypoint"]
CMD ["vroegsignaal", "--help"]
