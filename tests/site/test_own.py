"""What is the user's own in the published site."""

import pytest

from pipeline.errors import UserError
from pipeline.site import own


def a_site(folder, *names):
    """Return a folder with some files, and the list of them."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "data").mkdir(exist_ok=True)
    own.write_made(folder)
    return folder


def names_in(folder):
    return {path.relative_to(folder).as_posix() for path in own.files_of(folder)}


@pytest.fixture
def published(tmp_path):
    return a_site(tmp_path / "published", "index.html", "layer/000.html", "layer/gone.html")


@pytest.fixture
def new(tmp_path):
    return a_site(tmp_path / "new", "index.html", "layer/000.html")


def test_what_is_to_be_published_too_is_known_by_what_is_in_it(tmp_path, monkeypatch):
    (tmp_path / "CNAME").write_text("example.org")
    (first,) = own.state(tmp_path)
    (tmp_path / "CNAME").write_text("example.com")
    (second,) = own.state(tmp_path)

    assert first[0] == second[0] == str(tmp_path / "CNAME")
    assert first[1] != second[1]

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(own.files, "digest", refuse)
    with pytest.raises(UserError, match=r"^site\.extra: .*/CNAME: permission denied$"):
        own.state(tmp_path)


def test_what_no_build_has_made_is_brought_along_and_nothing_else(published, new):
    for name in ("CNAME", "layer/notes.txt", ".well-known/deep/er.txt"):
        path = published / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    before = names_in(new)

    own.bring_along(published, new)

    assert names_in(new) - before == {"CNAME", "layer/notes.txt", ".well-known/deep/er.txt"}
    assert (new / "CNAME").read_text() == "mine"


def test_folders_without_files_and_links_stay_what_they_are(published, new):
    (published / ".git/refs").mkdir(parents=True)
    (published / "latest").symlink_to("layer")
    (published / "away").symlink_to("nowhere")

    own.bring_along(published, new)

    assert (new / ".git/refs").is_dir()
    assert (new / "latest").readlink().as_posix() == "layer"
    assert (new / "away").is_symlink()


def test_where_both_have_a_file_the_new_one_stays(published, new):
    a_site(new, "index.html", "CNAME")
    (published / "CNAME").write_text("older")

    own.bring_along(published, new)

    assert (new / "CNAME").read_text() == "CNAME"


def test_what_snakemake_leaves_in_a_folder_is_nobodys_own(published, new):
    (published / ".snakemake_timestamp").touch()

    own.bring_along(published, new)

    assert not (new / ".snakemake_timestamp").exists()


def test_of_a_site_without_a_list_the_files_and_folders_at_its_top_are_kept(published, new):
    for name in ("data/atlas.json", "layer/index.html", "layer/old.html", "assets/old.css", "feed.xml", "CNAME"):
        (published / name).parent.mkdir(exist_ok=True)
        (published / name).write_text("older")
    (published / ".git").mkdir()
    (published / ".git/HEAD").write_text("ref: refs/heads/gh-pages")
    (published / own.MADE).unlink()
    before = names_in(new)

    own.bring_along(published, new)

    assert names_in(new) - before == {"CNAME", ".git/HEAD"}


def test_a_folder_that_is_no_site_is_not_replaced(new, tmp_path):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("mine")

    with pytest.raises(UserError, match=r"thesis: not a site of this project's, which a new one would"):
        own.bring_along(folder, new)


def test_an_empty_folder_and_none_have_nothing_to_bring(new, tmp_path):
    before = names_in(new)
    (tmp_path / "empty").mkdir()

    own.bring_along(tmp_path / "empty", new)
    own.bring_along(tmp_path / "none", new)

    assert names_in(new) == before


def test_the_folder_of_the_configuration_is_copied_whole(new, tmp_path):
    extra = tmp_path / "extra"
    (extra / "talks").mkdir(parents=True)
    (extra / "CNAME").write_text("example.org")
    (extra / "talks/slides.pdf").write_bytes(b"%PDF")

    own.add(new, extra)

    assert (new / "CNAME").read_text() == "example.org"
    assert (new / "talks/slides.pdf").read_bytes() == b"%PDF"


@pytest.mark.parametrize("name", ["index.html", "index.html/more", "layer"])
def test_what_the_site_has_already_is_not_overwritten_by_it(new, tmp_path, name):
    path = tmp_path / "extra" / name
    path.parent.mkdir(parents=True)
    path.write_text("other")

    with pytest.raises(UserError, match=r"^site\.extra: .*: the site has a file or folder of that name"):
        own.add(new, tmp_path / "extra")


def test_a_link_in_it_is_one_line(new, tmp_path):
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra/passwords").symlink_to("/etc/passwd")

    with pytest.raises(UserError, match="a link, which is not published"):
        own.add(new, tmp_path / "extra")


def test_a_folder_that_is_not_there_is_one_line(new, tmp_path):
    with pytest.raises(UserError, match=r"site\.extra: .*none: no such folder"):
        own.add(new, tmp_path / "none")
