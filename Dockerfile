# The service as Cloud Run runs it: Python, a virtual environment and the code, with nothing to build or install.
#
# The base is named by its tag, so that each build takes Debian's and Python's fixes along. Who has to be able to
# build the very same image again asks for the digest of the day, writes it behind the tag in all three places
# (FROM python:3.13-slim@sha256:...), and moves it by hand from then on:
#
#   docker buildx imagetools inspect python:3.13-slim --format '{{.Manifest.Digest}}'
#
# Bytecode is made here: the user below can write nowhere, so each start would compile everything again, and that
# takes longer than all the rest of it. Nothing is checked for changes at import (unchecked-hash): nothing changes.
# There is no HEALTHCHECK: Cloud Run has probes of its own, and others can ask /health/live by HTTP as well.

FROM python:3.13-slim AS dependencies
WORKDIR /build
# uv comes from the developers' lock, with its hashes, as in the Makefile.
COPY requirements-dev.lock ./
RUN sed -n '/^uv==/,/# via/p' requirements-dev.lock >uv.txt \
    && python -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --requirement uv.txt
# With LOCK=requirements-spacy.lock the statistical models are there too; docs/operations.md says what they take.
ARG LOCK=requirements.lock
COPY requirements.lock ./
COPY requirements-spacy.lock ./
RUN python -m venv --without-pip /opt/venv \
    && uv pip sync --quiet --no-cache --no-build --system-certs --python /opt/venv/bin/python --require-hashes \
        "$LOCK"
# What nothing here imports: the tests of packages, what they are compiled from, the tables of phonenumbers' geocoder,
# carrier and timezone, and the syntax of every language but Python, which rich would colour.
WORKDIR /opt/venv/lib/python3.13/site-packages
RUN find . -type d -name tests -prune -exec rm -r {} + \
    && find . -type f -regex '.*\.\(pyx\|pxd\|pyi\|c\|h\)' -delete \
    && find pygments/lexers -type f ! -name __init__.py ! -name _mapping.py ! -name python.py -delete \
    && rm -r phonenumbers/carrierdata phonenumbers/geodata phonenumbers/tzdata \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash .

# What is installed, as CycloneDX: listed from the environment itself, so that nothing of another platform is in it,
# and nothing is left out. Debian's packages are not in it.
FROM dependencies AS sbom
WORKDIR /build
COPY requirements-audit.lock ./
RUN python -m venv --without-pip /opt/audit \
    && uv pip sync --quiet --no-cache --no-build --system-certs --python /opt/audit/bin/python --require-hashes \
        requirements-audit.lock
COPY pyproject.toml ./
RUN /opt/audit/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
        --output-file sbom.cdx.json /opt/venv/bin/python \
    && chmod a+r sbom.cdx.json

FROM python:3.13-slim AS code
WORKDIR /srv
COPY LICENSE ./
COPY app app
# A checkout may be readable to its owner only.
RUN chmod -R a+rX . && python -m compileall -q -j 0 --invalidation-mode unchecked-hash app

FROM python:3.13-slim
# The base has no bytecode of the standard library, and a pip that nobody needs here.
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip \
    && rm -rf /usr/local/bin/pip* /usr/local/lib/python3.13/ensurepip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /usr/local/lib/python3.13
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=code /srv /srv
COPY --from=sbom /build/sbom.cdx.json /usr/share/doc/afterword/
# For SQLite's file, where there is no Firestore: a trial, or a volume that is mounted here.
RUN install -d -o 10001 -g 10001 /data

WORKDIR /srv
# FORWARDED_ALLOW_IPS: only Google's front end reaches the container, and it alone knows the caller's scheme.
ENV PATH="/opt/venv/bin:$PATH" \
    PORT=8080 \
    WEB_CONCURRENCY=1 \
    FORWARDED_ALLOW_IPS="*" \
    AFTERWORD_HOST=0.0.0.0 \
    AFTERWORD_SQLITE_PATH=/data/tasks.db
# A number, since the platform would run a user whose name it does not find as root.
USER 10001:10001
EXPOSE 8080
# gunicorn itself is process 1, and gets the signals.
CMD ["gunicorn", "--config", "python:app.server", "app.main:create()"]

# Last, since they differ from build to build.
ARG COMMIT=unknown
ENV AFTERWORD_COMMIT=$COMMIT
LABEL org.opencontainers.image.title="Afterword" \
    org.opencontainers.image.description="Asynchronous document AI with the guarantees of a queue and no broker to run" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.revision=$COMMIT
