# The workflow and all it needs: docker build -t filter-atlas . && docker run -v "$PWD:/work" filter-atlas --cores 2
# Also for Snakemake's own use of containers, and for executors that run each job in one.
FROM python:3.12-slim
COPY requirements.txt /tmp/
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt
COPY . /opt/filter-atlas
RUN pip install --no-cache-dir --no-deps --no-build-isolation /opt/filter-atlas
WORKDIR /work
ENTRYPOINT ["filter-atlas"]
