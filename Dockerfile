# The server with its reader and its playground, on SQLite in /data unless REPRISE_DATABASE_URL names a PostgreSQL database.
#
#     docker build --tag reprise .
#     docker run --env REPRISE_TOKEN=... --publish 127.0.0.1:8000:8000 --volume reprise:/data reprise

FROM node:24-slim AS playground
WORKDIR /playground
COPY server/playground/package.json server/playground/package-lock.json server/playground/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY server/playground/ ./
RUN npm run build

FROM node:24-slim AS reader
WORKDIR /source/reader
COPY reader/package.json reader/package-lock.json reader/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY schema/schema.graphql ../schema/
COPY server/playground/compressed_assets.ts ../server/playground/
COPY reader/ ./
RUN npm run build

FROM python:3.13-slim AS build
WORKDIR /build
# The release of uv that the project is locked with.
COPY requirements.lock ./
RUN awk '/^uv==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements.lock > uv.txt \
    && python -m pip install --no-cache-dir --no-deps --require-hashes --requirement uv.txt \
    && python -m venv --without-pip /opt/reprise
COPY pyproject.toml README.md LICENSE app.py ./
COPY server/ server/
COPY schema/ schema/
COPY resolvers/ resolvers/
COPY storage/ storage/
COPY --from=playground /playground/dist/ server/playground/dist/
COPY --from=reader /source/server/reader/ server/reader/
# Every dependency in the version that the tests ran with.
RUN uv pip install --no-cache --compile-bytecode --python /opt/reprise/bin/python \
    --constraints requirements.lock '.[otel]'

FROM python:3.13-slim
RUN groupadd --system --gid 10001 reprise \
    && useradd --system --uid 10001 --gid reprise --home-dir /data --no-create-home --shell /usr/sbin/nologin reprise \
    && install --directory --owner reprise --group reprise --mode 0700 /data
COPY --from=build /opt/reprise/ /opt/reprise/
ENV PATH=/opt/reprise/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    REPRISE_DATABASE_URL=sqlite:////data/reprise.db \
    REPRISE_HOST=0.0.0.0
USER reprise
WORKDIR /data
VOLUME /data
EXPOSE 8000
# /healthz needs neither the token nor an allowed host name.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('REPRISE_PORT', '8000')}/healthz\", timeout=4)"]
ENTRYPOINT ["reprise"]
CMD ["serve"]
