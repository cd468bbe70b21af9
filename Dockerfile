# An image with everything inside: the program, its migrations and text models, and PostgreSQL's programs for backups.
# Only /data, /backups and /tmp are written, so the root file system may be read-only.
# Another base needs Python 3.11 or later and Debian's packages: docs/how-to/run-in-containers.md.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build

WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-build.txt \
    && python3 -m venv --without-pip /opt/tg-parser \
    && /opt/build/bin/pip --python /opt/tg-parser/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes -r requirements.txt

COPY pyproject.toml README.md LICENSE ./
COPY tg_parser tg_parser
RUN /opt/build/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-index --no-deps --no-build-isolation \
        --wheel-dir /wheels . \
    && /opt/build/bin/pip --python /opt/tg-parser/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-index --no-deps /wheels/*.whl

FROM ${PYTHON_IMAGE}

# pg_dump has to be of the server's version or a newer one; the one of this Debian release is 17.
ARG POSTGRESQL_CLIENT=postgresql-client
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates "${POSTGRESQL_CLIENT}" \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
    && groupadd --gid 10001 tg_parser \
    && useradd --uid 10001 --gid tg_parser --home-dir /data --no-create-home --shell /usr/sbin/nologin tg_parser \
    && install -d -o tg_parser -g tg_parser -m 0750 /data /backups

COPY --from=build /opt/tg-parser /opt/tg-parser

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="TG_parser" \
    org.opencontainers.image.description="Telegram channels as a knowledge base" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"

ENV PATH="/opt/tg-parser/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TG_PARSER_HOME=/data

USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/backups"]
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["tg-parser", "healthcheck", "--if-listening"]
ENTRYPOINT ["tg-parser"]
CMD ["--help"]
