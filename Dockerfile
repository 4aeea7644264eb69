# syntax=docker/dockerfile:1
# The operator's image: `make dist` first, then build (docs/releasing.md). Runtime dependencies only, from the lock.

# The locks in requirements/ are made for this minor version.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
RUN python -m venv --without-pip /opt/operator
COPY requirements/runtime.txt /tmp/runtime.txt
RUN pip --python /opt/operator/bin/python install --no-cache-dir --no-compile \
        --require-hashes --only-binary=:all: --requirement /tmp/runtime.txt
COPY dist/*.whl /tmp/dist/
RUN pip --python /opt/operator/bin/python install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl \
    && /opt/operator/bin/rds-enrollment version

FROM python:${PYTHON}
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="rds-enrollment-operator" \
      org.opencontainers.image.description="Enrols Amazon RDS databases in Teleport and runs the agents that serve them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Nothing is installed into a running pod.
RUN python -m pip uninstall --yes pip setuptools wheel
COPY --from=build /opt/operator /opt/operator
# The user of the image may not write byte code, and the base image has none of the standard library: what is not
# imported once here, every start compiles anew. All of the libraries would be 70 MB, four times what is imported.
RUN /opt/operator/bin/python -c "import rds_enrollment.cli, rds_enrollment.run, rds_enrollment.wiring"
# glibc keeps memory apart for each of many threads, of which few work at a time: 13 MiB less with two such places.
ENV PATH=/opt/operator/bin:${PATH} \
    MALLOC_ARENA_MAX=2 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["rds-enrollment"]
CMD ["run"]
