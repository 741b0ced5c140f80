# Goes in: config.yaml (every key is explained there). Comes out: results/site/index.html, and on the way
#
#   weights -> render (layer, filter) -> summary (layer) -> mosaic (layer) -> tiles (layer) -> site
#                                        summary (all layers) -> quality -> site
#   photographs -> scan (share) -> strongest -> finals (share) -> exemplars (layer) -> strips (layer), copies -> site
#   photographs -> credits -> site              render (layer) -> trust (layer) -> quality, site
#   weights -> tuning (all layers) -> site
#   render (all layers) -> map -> site -> publish
#
# This file holds the graph; what the rules do is in pipeline/, what their files mean in docs/formats.md.
import json
import os
import sys
from pathlib import Path
from shlex import quote

from snakemake.utils import min_version

min_version("9.27")

# As a module of another workflow, too, where Snakemake looks beside the other's Snakefile alone.
sys.path.insert(0, workflow.current_basedir.get_path_or_uri(secret_free=True))

# None of these imports, while the Snakefile is read, what Snakemake does not bring.
from pipeline import errors, files, selection
from pipeline.ascent.recipe import METHOD
from pipeline.config import file, plan
from pipeline.photographs import credits, samples
from pipeline.pool import owner
from pipeline.results import layout
from pipeline.site import own
from pipeline.workflow import locks, running

# What a user says is said to the workflow that is run, and that may be another one, of which this is a module.
if workflow.modifier.is_main_snakefile():
    GIVEN = workflow.config_settings
    errors.or_exit(file.check, workflow.overwrite_configfiles or (), GIVEN.config_args, GIVEN.config)
elif workflow.modifier.skip_configfile:
    errors.or_exit(file.check_of_module, config)
errors.or_exit(owner.check_environment)


configfile: str(file.BASE)


report: "templates/report/workflow.rst"


ATLAS = errors.or_exit(plan.plan, config)

if config.get("container"):

    container: config["container"]


errors.or_exit(running.say_where, workflow)
# Every job reads this file again.
if workflow.is_main_process:
    errors.or_exit(running.check_libraries, workflow)
    if doubtful := plan.small_canvases(ATLAS):
        print(f"warning: {doubtful}", file=sys.stderr)
    errors.or_exit(running.check_places)
    if left := locks.take():
        print(f"note: {left}", file=sys.stderr)
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
# Of networks whose images are neither grey nor RGB.
FALSE_COLOURS = plan.is_in_false_colours(ATLAS)
NETWORK = f"--model {quote(ATLAS.model)} --preprocessing {ATLAS.preprocessing}"

# In variables, for of a rule whose text has changed all is made anew.
PYTHON = 'PYTHONPATH="$ATLAS_PYTHONPATH" "$ATLAS_PYTHON" -m %s'
TEMPLATES = files.PROJECT / "templates"
PAGES = [path for path in sorted(TEMPLATES.rglob("*")) if path.is_file() and path.suffix != ".rst"]
EXTRA = errors.or_exit(own.state, Path(ATLAS.site["extra"])) if ATLAS.site["extra"] else []

# Texts, which may be expanded; the outputs of rules may not where they are kept in a storage.
IMAGE = "results/filters/{layer}/{filter}.png"
RECORD = "results/filters/{layer}/{filter}.json"
SNAPSHOTS = "results/filters/{layer}/{filter}.snapshots.webp"
CHANNELS = "results/filters/{layer}/{filter}.channels.png"
SUMMARY = "results/layers/{layer}.json"
RESPONSE = "results/layers/{layer}.response.npy"
MOSAIC = "results/mosaics/{layer}.png"
TILES = "results/tiles/{layer}"
QUALITY = "results/quality.txt"
SCAN = "results/photographs/scan/{share}.npz"
FINALS = "results/photographs/finals/{share}.npz"
STRIPS = "results/photographs/strips/{layer}"
EXEMPLAR = "results/photographs/layers/{layer}.json"
TUNING = "results/tuning/{layer}.json"
TRUST = "results/trust/{layer}.json"


wildcard_constraints:
    layer="|".join(LAYERS),
    filter=r"\d+",
    share=r"\d+",


def of_layer(pattern):
    return lambda wildcards: expand(pattern, layer=wildcards.layer, filter=FILTERS[wildcards.layer])


# Layers whose pictures and records are inputs of what follows from their summaries, too: where jobs see nothing but their
# inputs. Elsewhere they would treble the time that it takes to plan 4,224 filters.
STORED = list(FILTERS) if workflow.storage_settings.default_storage_provider else []


def above(levels):
    """Return the results folder, in which outputs lie so many folders deep: here, in a module's prefix or a storage."""
    return lambda wildcards, output: quote(str(Path(output[0]).parents[levels]))


onstart:
    running.begin(workflow)


onsuccess:
    running.end(workflow)
    if ATLAS.photographs and ATLAS.photographs.folder:
        from pipeline.photographs import folder
        from pipeline.workflow import progress

        progress.say(folder.left_out(Path("results")))


rule weights:
    input:
        [local(os.path.abspath(path)) for path in (ATLAS.model, ATLAS.weights) if Path(path).suffix],
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
        PYTHON % "pipeline.weights {params.network} --weights {params.weights} --output {output:q} > {log:q} 2>&1"


rule render:
    input:
        weights=rules.weights.output,
    output:
        **({"channels": CHANNELS} if FALSE_COLOURS else {}),
        image=IMAGE,
        record=RECORD,
        snapshots=SNAPSHOTS,
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
        PYTHON % "pipeline.render "
        "{params.network} --weights {input.weights:q} "
        "{params.settings} --filter {wildcards.filter} --seed {params.seed} --precision {params.precision} "
        "--output {output.image:q} > {log:q} 2>&1"


rule summary:
    input:
        weights=rules.weights.output,
        images=of_layer(IMAGE),
        records=of_layer(RECORD),
        channels=of_layer(CHANNELS) if FALSE_COLOURS else [],
    output:
        summary=SUMMARY,
        response=RESPONSE,
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
        results=above(1),
        network=NETWORK,
        layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
        filters=lambda wildcards: selection.format_filters(ATLAS.filters[LAYERS[wildcards.layer]]),
        measures=layout.MEASURES,
    shell:
        PYTHON % "pipeline.pool summary "
        "{params.network} --weights {input.weights:q} --results {params.results} "
        "--layer {params.layer} --filters {params.filters} --output {output.summary:q} > {log:q} 2>&1"


rule mosaic:
    input:
        summary=SUMMARY,
        images=of_layer(IMAGE),
    output:
        report(MOSAIC, caption="templates/report/mosaic.rst", category="Mosaics", labels={"layer": "{layer}"}),
    log:
        "results/logs/mosaic/{layer}.log",
    priority: len(LAYERS) + 1
    conda:
        "environment.yaml"
    params:
        results=above(1),
        layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
        filters=lambda wildcards: selection.format_filters(ATLAS.filters[LAYERS[wildcards.layer]]),
    shell:
        PYTHON % "pipeline.pictures.mosaic "
        "--results {params.results} --layer {params.layer} --filters {params.filters} "
        "--summary {input.summary:q} --output {output:q} > {log:q} 2>&1"


rule tiles:
    input:
        mosaic=rules.mosaic.output,
        images=of_layer(IMAGE),
        records=of_layer(RECORD) if STORED else [],
        channels=of_layer(CHANNELS) if STORED and FALSE_COLOURS else [],
        snapshots=of_layer(SNAPSHOTS),
    output:
        directory(TILES),
    log:
        "results/logs/tiles/{layer}.log",
    priority: len(LAYERS) + 1
    conda:
        "environment.yaml"
    params:
        results=above(1),
        layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
        filters=lambda wildcards: selection.format_filters(ATLAS.filters[LAYERS[wildcards.layer]]),
        copies=layout.COPIES,
    shell:
        PYTHON % "pipeline.pictures.web "
        "--results {params.results} --layer {params.layer} --filters {params.filters} "
        "--output {output:q} > {log:q} 2>&1"


rule map:
    input:
        # Pictures alone would do, but for their size; a layer is measured when its pictures are there, and agree.
        summaries=expand(SUMMARY, layer=LAYERS),
        images=[expand(IMAGE, layer=layer, filter=FILTERS[layer]) for layer in STORED],
    output:
        directory("results/map"),
    log:
        "results/logs/map.log",
    conda:
        "environment.yaml"
    threads: 1
    params:
        results=above(0),
        layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
    shell:
        PYTHON % "pipeline.pictures.map "
        "--results {params.results} --layers {params.layers} "
        "--output {output:q} > {log:q} 2>&1"


# What of the photographs the site reads: nothing where the network is shown none.
SHOWN, TRUSTED, EXEMPLARS = [], [], []
# What workers of the pool do.
POOLED = {"render": rules.render.rule, "summary": rules.summary.rule}

if ATLAS.photographs:
    FOLDER = ATLAS.photographs.folder
    if workflow.is_main_process:
        errors.or_exit(credits.check, FOLDER)

    rule photographs:
        output:
            **({} if FOLDER else {"samples": directory("results/photographs/samples")}),
            files="results/photographs/files.json",
        log:
            "results/logs/photographs.log",
        conda:
            "environment.yaml"
        params:
            results=above(1),
            folder=lambda wildcards: f"--folder {quote(FOLDER)}" if FOLDER else "",
            # Of a folder the names, sizes and times of its files; of the samples, which they are.
            state=ATLAS.photographs.state or samples.VERSION,
        shell:
            PYTHON % "pipeline.photographs --results {params.results} {params.folder} > {log:q} 2>&1"

    # By itself, so that another title shows the network nothing again.
    rule credits:
        input:
            files=rules.photographs.output.files,
        output:
            "results/photographs/collection.json",
        log:
            "results/logs/credits.log",
        conda:
            "environment.yaml"
        params:
            results=above(1),
            state=ATLAS.photographs.credits or samples.CREDITS_VERSION,
        shell:
            PYTHON % "pipeline.photographs.collection --results {params.results} > {log:q} 2>&1"

    # The samples are results, too; what is in a folder of the user's is not.
    PHOTOGRAPHS = [*rules.photographs.output]
    SHARES = range(ATLAS.photographs.shares)
    PRECISION = plan.scan_precision(ATLAS)
    OBJECTIVE = next(iter(ATLAS.recipes.values())).objective
    RENDERED = json.dumps({layer: selection.format_filters(numbers) for layer, numbers in ATLAS.filters.items()})
    PATCHES = ATLAS.site["publish_patches"]

    rule scan:
        input:
            weights=rules.weights.output,
            photographs=PHOTOGRAPHS,
        output:
            # A table of the same photographs stays: a new photograph is another one in one share alone.
            update(SCAN),
        log:
            "results/logs/scan/{share}.log",
        # Before the renders, which then fill all cores to the end.
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            results=above(2),
            network=NETWORK,
            objective=OBJECTIVE,
            precision=PRECISION,
            shares=len(SHARES),
            layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
        shell:
            PYTHON % "pipeline.pool photographs.scan "
            "{params.network} --weights {input.weights:q} --results {params.results} "
            "--layers {params.layers} --objective {params.objective} --precision {params.precision} "
            "--share {wildcards.share} --shares {params.shares} --output {output:q} > {log:q} 2>&1"

    rule strongest:
        input:
            photographs=PHOTOGRAPHS,
            scans=expand(SCAN, share=SHARES),
        output:
            "results/photographs/strongest.npz",
        log:
            "results/logs/strongest.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        params:
            results=above(1),
            shares=len(SHARES),
        shell:
            PYTHON % "pipeline.photographs.join "
            "--results {params.results} --shares {params.shares} --output {output:q} "
            "> {log:q} 2>&1"

    rule finals:
        input:
            weights=rules.weights.output,
            photographs=PHOTOGRAPHS,
            strongest=rules.strongest.output,
        output:
            update(FINALS),
        log:
            "results/logs/finals/{share}.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            results=above(2),
            network=NETWORK,
            objective=OBJECTIVE,
            shares=len(SHARES),
            rendered=lambda wildcards: quote(RENDERED),
        shell:
            PYTHON % "pipeline.pool photographs.finals "
            "{params.network} --weights {input.weights:q} --results {params.results} "
            "--rendered {params.rendered} --objective {params.objective} "
            "--share {wildcards.share} --shares {params.shares} --output {output:q} > {log:q} 2>&1"

    rule exemplars:
        input:
            photographs=PHOTOGRAPHS,
            strongest=rules.strongest.output,
            # Where the scan was exact, there is nothing to look at again.
            finals=[] if PRECISION == "float32" else expand(FINALS, share=SHARES),
            summary=SUMMARY,
        output:
            EXEMPLAR,
        log:
            "results/logs/exemplars/{layer}.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        params:
            results=above(2),
            network=NETWORK,
            layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
            rendered=lambda wildcards: quote(RENDERED),
            shares=len(SHARES),
        shell:
            PYTHON % "pipeline.photographs.exemplars "
            "{params.network} --results {params.results} --layer {params.layer} "
            "--rendered {params.rendered} --shares {params.shares} > {log:q} 2>&1"

    rule strips:
        input:
            exemplars=EXEMPLAR,
            photographs=PHOTOGRAPHS,
        output:
            directory(STRIPS),
        log:
            "results/logs/strips/{layer}.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        params:
            results=above(2),
            layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
        shell:
            PYTHON % "pipeline.photographs.strips --results {params.results} --layer {params.layer} > {log:q} 2>&1"

    rule copies:
        input:
            exemplars=expand(EXEMPLAR, layer=LAYERS),
            photographs=PHOTOGRAPHS,
        output:
            directory("results/photographs/copies"),
        log:
            "results/logs/copies.log",
        conda:
            "environment.yaml"
        params:
            results=above(1),
            layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
        shell:
            PYTHON % "pipeline.photographs.copies "
            "--results {params.results} --layers {params.layers} --output {output:q} "
            "> {log:q} 2>&1"

    rule tuning:
        input:
            weights=rules.weights.output,
        output:
            expand(TUNING, layer=LAYERS),
        log:
            "results/logs/tuning.log",
        # One core for as long as a few renders: at the end of a run it would be busy alone.
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            results=above(1),
            network=NETWORK,
            layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
            objective=OBJECTIVE,
            precision=ATLAS.precision,
        shell:
            PYTHON % "pipeline.pool tuning "
            "{params.network} --weights {input.weights:q} --results {params.results} "
            "--layers {params.layers} --objective {params.objective} --precision {params.precision} > {log:q} 2>&1"

    rule trust:
        input:
            weights=rules.weights.output,
            photographs=PHOTOGRAPHS,
            exemplars=EXEMPLAR,
            images=of_layer(IMAGE),
        output:
            TRUST,
        log:
            "results/logs/trust/{layer}.log",
        priority: len(LAYERS) + 1
        conda:
            "environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            results=above(1),
            network=NETWORK,
            layer=lambda wildcards: quote(LAYERS[wildcards.layer]),
            precision=ATLAS.precision,
        shell:
            PYTHON % "pipeline.pool trust "
            "{params.network} --weights {input.weights:q} --results {params.results} "
            "--layer {params.layer} --precision {params.precision} > {log:q} 2>&1"

    EXEMPLARS = expand(EXEMPLAR, layer=LAYERS)
    SHOWN = [
        *rules.photographs.output,
        rules.credits.output,
        rules.strongest.output,
        rules.tuning.output,
        *EXEMPLARS,
    ]
    SHOWN += [*expand(STRIPS, layer=LAYERS), rules.copies.output] if PATCHES else []
    TRUSTED = expand(TRUST, layer=LAYERS)
    POOLED |= {name: getattr(rules, name).rule for name in ("scan", "finals", "trust", "tuning")}


rule quality:
    input:
        summaries=expand(SUMMARY, layer=LAYERS),
        trust=TRUSTED,
        exemplars=EXEMPLARS,
    output:
        figures="results/quality.json",
        text=report(QUALITY, caption="templates/report/quality.rst", category="Quality"),
    log:
        "results/logs/quality.log",
    conda:
        "environment.yaml"
    params:
        trust=lambda wildcards, input: " ".join(["--trust", *map(quote, input.trust)]) if TRUSTED else "",
        exemplars=lambda wildcards, input: " ".join(["--exemplars", *map(quote, input.exemplars)]) if EXEMPLARS else "",
    shell:
        PYTHON % "pipeline.summary.quality "
        "{input.summaries:q} {params.trust} {params.exemplars} "
        "--output {output.figures:q} > {log:q} 2>&1"


rule site:
    input:
        weights=rules.weights.output,
        summaries=expand([SUMMARY, RESPONSE], layer=LAYERS),
        filters=[expand([IMAGE, RECORD], layer=layer, filter=FILTERS[layer]) for layer in STORED],
        quality=rules.quality.output.figures,
        mosaics=expand(MOSAIC, layer=LAYERS),
        tiles=expand(TILES, layer=LAYERS),
        map=rules.map.output,
        photographs=SHOWN,
        trust=TRUSTED,
        templates=[] if STORED else list(map(str, PAGES)),
    output:
        # Before a job, Snakemake removes what it is to make: the published site stays until the new one is whole.
        temp(directory("results/site.new")),
    log:
        "results/logs/site.log",
    conda:
        "environment.yaml"
    params:
        # In a storage they are no inputs: a job that has one is run where Snakemake is.
        **({"pages": [files.digest(path) for path in PAGES]} if STORED else {}),
        # Nor of any other: Snakemake would take braces in their names for wildcards.
        extra=EXTRA,
        results=above(0),
        network=NETWORK,
        # Functions, for in a text Snakemake takes what is in braces for a wildcard.
        layers=lambda wildcards: " ".join(map(quote, LAYERS.values())),
        site=lambda wildcards: quote(json.dumps(dict(ATLAS.site))),
        photographs="--photographs" if SHOWN else "",
        templates=lambda wildcards: quote(str(TEMPLATES)),
    shell:
        # Before the layers, whose names may look like an option without a value.
        PYTHON % "pipeline.site "
        "{params.network} {params.photographs} --weights {input.weights:q} --results {params.results} "
        "--layers {params.layers} --site {params.site} --templates {params.templates} "
        "--published {params.results}/site "
        "--output {output:q} > {log:q} 2>&1"


# Another site is wanted where what it is made from is another: also after a failure, of which site.new tells nothing.
rule publish:
    input:
        site=rules.site.output,
        made_from=rules.site.input,
    output:
        report(
            directory("results/site"),
            # It shows PNG, JPEG and SVG alone, and of a folder what a wildcard finds.
            patterns=["assets/{picture}.jpg"],
            caption="templates/report/site.rst",
            category="Atlas",
            labels={"picture": "{picture}"},
        ),
    log:
        "results/logs/publish.log",
    localrule: True
    conda:
        "environment.yaml"
    params:
        **{name: value for name, value in rules.site.params.items() if name != "results"},
    shell:
        # At once: renamed, not moved into what may be there.
        '"$ATLAS_PYTHON" -c "import os, sys; os.replace(*sys.argv[1:])" ' "{input.site:q} {output:q} > {log:q} 2>&1"


running.register(workflow, quality=rules.quality.rule, pooled=POOLED, plan=ATLAS)


# Everything that other programs read, not the site alone: what was deleted or set aside is then made anew.
rule all:
    default_target: True
    input:
        rules.publish.output,
        rules.quality.output,
        rules.map.output,
        SHOWN,
        TRUSTED,
        expand([SUMMARY, RESPONSE, MOSAIC, TILES], layer=LAYERS),
        [expand([IMAGE, RECORD, SNAPSHOTS], layer=layer, filter=numbers) for layer, numbers in FILTERS.items()],
    localrule: True
