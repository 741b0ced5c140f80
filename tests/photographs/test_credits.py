import pytest

from pipeline.errors import UserError
from pipeline.photographs import credits
from pipeline.photographs.credits import Credit

FILES = frozenset(["sea.jpg", "a/cat, black.png"])


def read(tmp_path, text: str | bytes):
    path = tmp_path / "credits.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return credits.read(path, FILES)


def refusal(tmp_path, text: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    return str(caught.value).removeprefix(f"{tmp_path}/credits.csv: ")


def test_a_folder_without_a_table_has_no_credits(tmp_path):
    assert credits.read(tmp_path / "credits.csv", FILES) == {}


def test_a_table_says_of_photographs_what_it_has_columns_for(tmp_path):
    found = read(tmp_path, 'file,author,licence\n"a/cat, black.png",Ann, CC0 \n\nsea.jpg,,\n')

    assert found == {"a/cat, black.png": Credit(author="Ann", licence="CC0"), "sea.jpg": Credit()}


@pytest.mark.parametrize("text", ["file,title\r\nsea.jpg,Sea\r\n", "\ufefffile,title\nsea.jpg,Sea"])
def test_tables_of_spreadsheets_are_read(tmp_path, text):
    assert read(tmp_path, text) == {"sea.jpg": Credit(title="Sea")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,license\n", "unknown column 'license'; did you mean licence?"),
        ("file;title\n", "unknown column 'file;title'; columns are parted by commas"),
        ("file,xyz\n", "unknown column 'xyz'; known: file, title, author, licence, source"),
        ("", "its first line should name the columns, each once: file,title,author,licence,source"),
        ("title\nx\n", "its first line should name the columns"),
        ("file,title,title\n", "its first line should name the columns"),
        ("file,title\nsee.jpg,x\n", "line 2: see.jpg: no such photograph in the folder; did you mean sea.jpg?"),
        ("file,title\n,x\n", "line 2: : no such photograph"),
        ("file,title\nsea.jpg,x\nsea.jpg,y\n", "line 3: sea.jpg: given twice; keep one"),
        (
            "file,title\nsea.jpg,Sea, blue\n",
            "line 2: 3 values for 2 columns; put a text that has a comma in it in quotes",
        ),
        ("file,title\nsea.jpg\n", "line 2: 1 values for 2 columns"),
        ('file,title\nsea.jpg,"Sea\n', "line 2: not CSV (unexpected end of data)"),
        ('file,title\nsea.jpg,"a\nb"\n', "line 3: title: the character U+000A has no place in a line of a page"),
        ("file,title\nsea.jpg,\u202eaeS\n", "line 2: title: the character U+202E"),
        ("file,title\nsea.jpg,a\0b\n", "line 2: title: the character U+0000"),
        (f"file,title\nsea.jpg,{'x' * 501}\n", "line 2: title: is too long: it should be at most 500 characters"),
        (b"file,title\nsea.jpg,\xff\n", "byte 19 is not UTF-8; save it in that encoding"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_what_would_be_right(tmp_path, text, message):
    assert refusal(tmp_path, text).startswith(message)


def test_the_table_of_a_folder_is_checked_before_any_work(tmp_path):
    (tmp_path / "sea.jpg").touch()
    (tmp_path / "credits.csv").write_text("file,title\nsee.jpg,x\n")

    with pytest.raises(UserError, match=r"did you mean sea\.jpg"):
        credits.check(str(tmp_path))
    credits.check(None)
