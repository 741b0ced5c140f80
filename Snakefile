# Goes in: config.yaml (every key is explained there). Comes out: results/site/index.html, and on the way
#
#   weights -> render (layer, filter) -> summary (layer) -> mosaic (layer) -> tiles (layer) -> site
#                                        summary (all layers) -> quality -> site
#   photographs -> scan (share) -> strongest -> finals (share) -> exemplars (layer) -> site
#                                                render (layer) -> trust (layer) -> quality, site
#   weights -> tuning (all layers) -> site
#
# This file holds the graph; what the rules do is in pipeline/, what their files mean in docs/formats.md.
import json
import sys
from pathlib import Path
from shlex import quote

from snakemake.utils import min_version

min_version("9.27")


from pipeline import errors, selection
from pipeline.ascent.recipe import METHOD
from pipeline.config import file, plan
from pipeline.photographs import credits, samples
from pipeline.pool import owner
from pipeline.results import layout
from pipeline.results.layer_summary import MEASURES
from pipeline.workflow import cost, progress, scheduler_cures

for path in (Path(workflow.basedir, "config.yaml"), *(workflow.overwrite_configfiles or ())):
    errors.or_exit(file.load, Path(path))
errors.or_exit(file.check_settings, workflow.config_settings.config_args, workflow.config_settings.config)
errors.or_exit(owner.check_environment)


configfile: str(Path(workflow.basedir) / "config.yaml")


ATLAS = errors.or_exit(plan.plan, config)
# Every job reads this file again.
if workflow.is_main_process and (doubtful := plan.small_canvases(ATLAS)):
    print(f"warning: {doubtful}", file=sys.stderr)
LAYERS = {layout.slug(layer): layer for layer in ATLAS.filters}
FILTERS = {slug: [layout.digits(number) for number in ATLAS.filters[layer]] for slug, layer in LAYERS.items()}
# What a layer's filters are rendered with: made here, for Snakemake asks 4,224 jobs for it several times.
SETTINGS = {
    slug: f"--layer {quote(layer)} --canvas {ATLAS.canvas_px[layer]} "
    f"--recipe {quote(json.dumps(ATLAS.recipes[layer].to_json()))}"
    for slug, layer in LAYERS.items()
}
# Of a file, what is in it: its times do not tell that an older one was put in its place. Nothing for named networks.
CONTENTS = {"contents": list(ATLAS.contents.values())} if ATLAS.contents else {}
NETWORK = f"--model {quote(ATLAS.model)} --preprocessing {ATLAS.preprocessing}"

if not workflow.deployment_settings.deployment_method:
    # Jobs run in the environment that Snakemake runs in, whether it was activated or not.
    shell.prefix(f"PATH={quote(str(Path(sys.executable).parent))}:$PATH; ")


wildcard_constraints:
    layer="|".join(LAYERS),
    filter=r"\d+",
    share=r"\d+",


def of_layer(pattern):
    return lambda wildcards: expand(pattern, layer=wildcards.layer, filter=FILTERS[wildcards.layer])


localrules:
    all,


onstart:
    # A worker that the system kills for want of memory takes its job with it. Not said in the rule, where it would
    # hold against a profile that asks for more.
    rules.render.rule.restart_times = max(1, workflow.execution_settings.retries)
    scheduler_cures.apply(workflow)
    scheduler_cures.let_wait(workflow, errors.or_exit(owner.start_for, workflow))
    flops = cost.flops_per_filter(ATLAS)
    progress.show_for(workflow, {slug: flops[layer] + cost.OTHER_FLOPS for slug, layer in LAYERS.items()})


onsuccess:
    progress.tell(rules.quality.output.text)


rule weights:
    input:
        [path for path in (ATLAS.model, ATLAS.weights) if Path(path).suffix],
    output:
        "results/weights.npz",
    log:
        "results/logs/weights.log",
    conda:
        "environment.yaml"
    params:
        **CONTENTS,
        network=NETWORK,
        weights=quote(ATLAS.weights),
    shell:
        "python -m pipeline.weights {params.network} --weights {params.weights} --output {output} > {log} 2>&1"


rule render:
    input:
        weights=rules.weights.output,
    output:
        image="results/filters/{layer}/{filter}.png",
        record="results/filters/{layer}/{filter}.json",
        snapshots="results/filters/{layer}/{filter}.snapshots.webp",
    log:
        "results/logs/render/{layer}/{filter}.log",
    # Layer by layer, for a worker of the pool keeps what it has compiled for one; the layers that take longest first.
    priority: lambda wildcards: 1 + list(LAYERS).index(wildcards.layer)
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        network=NETWORK,
        settings=lambda wildcards: SETTINGS[wildcards.layer],
        seed=ATLAS.seed,
        precision=ATLAS.precision,
        method=METHOD,
    shell:
        "python -m pipeline.render {params.network} --weights {input.weights} "
        "{params.settings} --filter {wildcards.filter} --seed {params.seed} --precision {params.precision} "
        "--output {output.image} > {log} 2>&1"


rule summary:
    input:
        weights=rules.weights.output,
        images=of_layer(rules.render.output.image),
        records=of_layer(rules.render.output.record),
    output:
        summary="results/layers/{layer}.json",
        response="results/layers/{layer}.response.npy",
    log:
        "results/logs/summary/{layer}.log",
    # Before all renders: at the end of a run its one core would be busy alone.
    priority: len(LAYERS) + 1
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        network=NETWORK,
        layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
        filters=lambda wildcards: selection.format_filters(ATLAS.filters[LAYERS[wildcards.layer]]),
        measures=MEASURES,
    shell:
        "python -m pipeline.summary {params.network} --weights {input.weights} --results results "
        "--layer {params.layer} --filters {params.filters} --output {output.summary} > {log} 2>&1"


rule mosaic:
    input:
        summary=rules.summary.output.summary,
        images=of_layer(rules.render.output.image),
    output:
        "results/mosaics/{layer}.png",
    log:
        "results/logs/mosaic/{layer}.log",
    priority: len(LAYERS) + 1
    conda:
        "environment.yaml"
    params:
        layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
        filters=lambda wildcards: selection.format_filters(ATLAS.filters[LAYERS[wildcards.layer]]),
    shell:
        "python -m pipeline.pictures.mosaic --results results --layer {params.layer} --filters {params.filters} "
        "--summary {input.summary} --output {output} > {log} 2>&1"


rule tiles:
    input:
        mosaic=rules.mosaic.output,
        images=of_layer(rules.render.output.image),
        snapshots=of_layer(rules.render.output.snapshots),
    output:
        directory("results/tiles/{layer}"),
    log:
        "results/logs/tiles/{layer}.log",
    priority: len(LAYERS) + 1
    conda:
        "environment.yaml"
    params:
        layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
        filters=lambda wildcards: selection.format_filters(ATLAS.filters[LAYERS[wildcards.layer]]),
        copies=layout.COPIES,
    shell:
        "python -m pipeline.pictures.web --results results --layer {params.layer} --filters {params.filters} "
        "--output {output} > {log} 2>&1"


# What of the photographs the site reads: nothing where the network is shown none.
SHOWN, TRUST, EXEMPLARS = [], [], []

if ATLAS.photographs:
    FOLDER = ATLAS.photographs.folder
    if workflow.is_main_process:
        errors.or_exit(credits.check, FOLDER)

    rule photographs:
        output:
            **({} if FOLDER else {"samples": directory("results/photographs/samples")}),
            collection="results/photographs/collection.json",
        log:
            "results/logs/photographs.log",
        conda:
            "environment.yaml"
        params:
            folder=lambda wildcards: f"--folder {quote(FOLDER)}" if FOLDER else "",
            # Of a folder the names, sizes and times of its files; of the samples, which they are.
            state=ATLAS.photographs.state or samples.VERSION,
        shell:
            "python -m pipeline.photographs --results results {params.folder} > {log} 2>&1"

    SHARES = range(ATLAS.photographs.shares)
    PRECISION = plan.scan_precision(ATLAS)
    OBJECTIVE = next(iter(ATLAS.recipes.values())).objective
    RENDERED = json.dumps({layer: selection.format_filters(numbers) for layer, numbers in ATLAS.filters.items()})
    PATCHES = ATLAS.site["publish_patches"]

    rule scan:
        input:
            weights=rules.weights.output,
            photographs=rules.photographs.output.collection,
        output:
            "results/photographs/scan/{share}.npz",
        log:
            "results/logs/scan/{share}.log",
        # Before the renders, which then fill all cores to the end.
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=1500,
        params:
            network=NETWORK,
            objective=OBJECTIVE,
            precision=PRECISION,
            shares=len(SHARES),
            layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
        shell:
            "python -m pipeline.photographs.scan {params.network} --weights {input.weights} --results results "
            "--layers {params.layers} --objective {params.objective} --precision {params.precision} "
            "--share {wildcards.share} --shares {params.shares} --output {output} > {log} 2>&1"

    rule strongest:
        input:
            photographs=rules.photographs.output.collection,
            scans=expand(rules.scan.output, share=SHARES),
        output:
            "results/photographs/strongest.npz",
        log:
            "results/logs/strongest.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        params:
            shares=len(SHARES),
        shell:
            "python -m pipeline.photographs.join --results results --shares {params.shares} --output {output} "
            "> {log} 2>&1"

    rule finals:
        input:
            weights=rules.weights.output,
            photographs=rules.photographs.output.collection,
            strongest=rules.strongest.output,
        output:
            "results/photographs/finals/{share}.npz",
        log:
            "results/logs/finals/{share}.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=1500,
        params:
            network=NETWORK,
            objective=OBJECTIVE,
            shares=len(SHARES),
            rendered=lambda wildcards: quote(RENDERED),
        shell:
            "python -m pipeline.photographs.finals {params.network} --weights {input.weights} --results results "
            "--rendered {params.rendered} --objective {params.objective} "
            "--share {wildcards.share} --shares {params.shares} --output {output} > {log} 2>&1"

    rule exemplars:
        input:
            photographs=rules.photographs.output.collection,
            strongest=rules.strongest.output,
            # Where the scan was exact, there is nothing to look at again.
            finals=[] if PRECISION == "float32" else expand(rules.finals.output, share=SHARES),
            summary=rules.summary.output.summary,
        output:
            **({"strips": directory("results/photographs/strips/{layer}")} if PATCHES else {}),
            exemplars="results/photographs/layers/{layer}.json",
        log:
            "results/logs/exemplars/{layer}.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        params:
            network=NETWORK,
            layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
            rendered=lambda wildcards: quote(RENDERED),
            shares=len(SHARES),
            patches="" if PATCHES else "--no-patches",
        shell:
            "python -m pipeline.photographs.exemplars {params.network} --results results --layer {params.layer} "
            "--rendered {params.rendered} --shares {params.shares} {params.patches} > {log} 2>&1"

    rule copies:
        input:
            exemplars=expand(rules.exemplars.output.exemplars, layer=LAYERS),
            photographs=rules.photographs.output.collection,
        output:
            directory("results/photographs/copies"),
        log:
            "results/logs/copies.log",
        conda:
            "environment.yaml"
        params:
            layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
        shell:
            "python -m pipeline.photographs.copies --results results --layers {params.layers} --output {output} "
            "> {log} 2>&1"

    rule tuning:
        input:
            weights=rules.weights.output,
        output:
            expand("results/tuning/{layer}.json", layer=LAYERS),
        log:
            "results/logs/tuning.log",
        # One core for as long as a few renders: at the end of a run it would be busy alone.
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=1500,
        params:
            network=NETWORK,
            layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
            objective=OBJECTIVE,
            precision=ATLAS.precision,
        shell:
            "python -m pipeline.tuning {params.network} --weights {input.weights} --results results "
            "--layers {params.layers} --objective {params.objective} --precision {params.precision} > {log} 2>&1"

    rule trust:
        input:
            weights=rules.weights.output,
            photographs=rules.photographs.output.collection,
            exemplars=rules.exemplars.output.exemplars,
            images=of_layer(rules.render.output.image),
        output:
            "results/trust/{layer}.json",
        log:
            "results/logs/trust/{layer}.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            network=NETWORK,
            layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
            precision=ATLAS.precision,
        shell:
            "python -m pipeline.trust {params.network} --weights {input.weights} --results results "
            "--layer {params.layer} --precision {params.precision} > {log} 2>&1"

    EXEMPLARS = expand(rules.exemplars.output.exemplars, layer=LAYERS)
    SHOWN = [*rules.photographs.output, rules.strongest.output, expand(rules.exemplars.output, layer=LAYERS)]
    SHOWN += [rules.tuning.output, *([rules.copies.output] if PATCHES else [])]
    TRUST = expand(rules.trust.output, layer=LAYERS)


rule quality:
    input:
        summaries=expand(rules.summary.output.summary, layer=LAYERS),
        trust=TRUST,
        exemplars=EXEMPLARS,
    output:
        figures="results/quality.json",
        text="results/quality.txt",
    log:
        "results/logs/quality.log",
    conda:
        "environment.yaml"
    params:
        trust=lambda wildcards: " ".join(["--trust", *map(quote, TRUST)]) if TRUST else "",
        exemplars=lambda wildcards: " ".join(["--exemplars", *map(quote, EXEMPLARS)]) if EXEMPLARS else "",
    shell:
        "python -m pipeline.summary.quality {input.summaries} {params.trust} {params.exemplars} "
        "--output {output.figures} > {log} 2>&1"


rule site:
    input:
        weights=rules.weights.output,
        summaries=expand(rules.summary.output.summary, layer=LAYERS),
        quality=rules.quality.output.figures,
        mosaics=expand(rules.mosaic.output, layer=LAYERS),
        tiles=expand(rules.tiles.output, layer=LAYERS),
        photographs=SHOWN,
        trust=TRUST,
        templates=sorted(str(path) for path in Path(workflow.basedir, "templates").rglob("*") if path.is_file()),
    output:
        "results/site/index.html",
    log:
        "results/logs/site.log",
    conda:
        "environment.yaml"
    params:
        network=NETWORK,
        # Functions, for in a text Snakemake takes what is in braces for a wildcard.
        layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
        site=lambda wildcards: quote(json.dumps(dict(ATLAS.site))),
        photographs="--photographs" if SHOWN else "",
        templates=lambda wildcards, input: quote(str(Path(workflow.basedir, "templates"))),
    shell:
        # Before the layers, whose names may look like an option without a value.
        "python -m pipeline.site {params.network} {params.photographs} --weights {input.weights} --results results "
        "--layers {params.layers} --site {params.site} --templates {params.templates} "
        "--output results/site > {log} 2>&1"


# Everything that other programs read, not the site alone: what was deleted or set aside is then made anew.
rule all:
    default_target: True
    input:
        rules.site.output,
        rules.quality.output,
        SHOWN,
        TRUST,
        expand([*rules.summary.output, *rules.mosaic.output, *rules.tiles.output], layer=LAYERS),
        [expand(rules.render.output, layer=layer, filter=numbers) for layer, numbers in FILTERS.items()],
