import subprocess
import sys

from pipeline import files
from pipeline.photographs import collection, folder, samples
from pipeline.photographs.credits import Credit
from pipeline.results import document, layout, photographs
from tests.photographs.test_folder import save


def run(results) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pipeline.photographs.collection", "--results", str(results)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def gathered(tmp_path):
    """List a folder of two photographs and a file that is none."""
    save(tmp_path / "pictures" / "a.jpg", 0)
    save(tmp_path / "pictures" / "b.jpg", 1)
    (tmp_path / "pictures" / "c.jpg").touch()
    listed = folder.gather(tmp_path / "pictures")
    files.write_json(layout.photograph_files(tmp_path), document.to_json(listed))
    return listed


def test_credits_are_taken_from_the_table_and_licences_linked(tmp_path):
    listed = gathered(tmp_path)
    table = "file,title,author,licence,source\na.jpg,Sea,Ann,CC-BY-4.0,her own\nc.jpg,Gone,,,\n"
    (tmp_path / "pictures" / "credits.csv").write_text(table)

    done = run(tmp_path)

    assert done.returncode == 0, done.stderr
    found = photographs.read(layout.photographs(tmp_path))
    first, second = found.photographs
    assert (first.title, first.author, first.source) == ("Sea", "Ann", "her own")
    assert (first.licence, first.licence_url) == ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
    assert (second.title, second.author, second.licence, second.licence_url) == (None, None, None, None)
    assert [each.sha256 for each in found.photographs] == list(listed.digests)
    assert found.left_out == listed.left_out


def test_a_wrong_table_is_one_line(tmp_path):
    gathered(tmp_path)
    (tmp_path / "pictures" / "credits.csv").write_text("file,titel\na.jpg,Sea\n")

    done = run(tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path}/pictures/credits.csv: unknown column 'titel'")


def test_the_samples_are_credited_as_is_said_of_them(tmp_path):
    listed = gathered(tmp_path)
    found = collection.credited(listed, {"b.jpg": Credit(author="Bo")})

    assert [each.author for each in found.photographs] == [None, "Bo"]
    assert all(credit.author and credit.licence for credit in samples.credits().values())
