# The fakes, the reference relay and relay-harness. `docker build -t cht-rapidpro-harness .`, then see docs/containers.md.
FROM python:3.13-slim-trixie AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/harness UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
WORKDIR /src
RUN pip install --no-cache-dir "uv==0.9.*"
COPY . .
RUN uv sync --locked --no-default-groups --no-editable --compile-bytecode --extra postgresql

FROM python:3.13-slim-trixie
COPY --from=build /opt/harness /opt/harness
RUN useradd --uid 10001 --create-home harness && mkdir /data && chown harness /data
ENV PATH=/opt/harness/bin:$PATH PYTHONUNBUFFERED=1 HARNESS_CONTROL=http://127.0.0.1:8002
USER 10001
WORKDIR /data
# RapidPro and CHT. The control API on 8002 stays on loopback inside the container: it controls everything.
EXPOSE 8000 8001
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8002/health', timeout=2)"]
# What the ledger keeps suits weeks in a test environment; docs/containers.md.
CMD ["python", "-m", "fakes", "both", "--bind", "0.0.0.0", "--port", "8000", "--control-port", "8002", \
    "--ledger-memory", "2000", "--ledger-spool", "256", "--ledger-body", "65536"]
