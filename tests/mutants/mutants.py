"""Lists of mutants: how they are written, and where in the sources one applies. See by_hand.txt for the format."""
import hashlib
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "tests" / "mutants"
LISTS = ("by_hand.txt", "mechanical.txt")
ROOMS = ("sim", "adversaries", "analysis")  # where code may move to
KEYS = ("mutant", "file", "find", "put", "harm")


class Mistake(Exception):
    """Something in a list that its author must mend."""


class Mutant:
    def __init__(self, origin, fields):
        self.origin = origin  # the list it stands in
        self.name = fields["mutant"]
        self.file = fields["file"]
        self.find = fields["find"]
        self.put = fields["put"]
        self.harm = fields["harm"]

    def digest(self):
        """Of what it does: a result belongs to this, whatever becomes of its name's neighbours."""
        text = "\0".join((self.file, self.find, self.put))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def pattern_of(text):
    """The text itself, but any white space for a space."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))


def read(path):
    """The mutants of one list, in its order."""
    mutants, fields, names = [], {}, set()

    def finish(line):
        if not fields:
            return
        lacking = [key for key in KEYS if key not in fields]
        if lacking:
            raise Mistake(f"{path.name}:{line}: the record before this line has no `{lacking[0]}:`")
        mutants.append(Mutant(path.name, dict(fields)))
        fields.clear()

    number = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            finish(number)
            continue
        key, colon, value = line.partition(":")
        if not colon or key not in KEYS:
            raise Mistake(f"{path.name}:{number}: expected one of {', '.join(KEYS)}, and a colon")
        if key in fields:
            raise Mistake(f"{path.name}:{number}: a second `{key}:`; records are divided by empty lines")
        if key == "mutant":
            if value.strip() in names:
                raise Mistake(f"{path.name}:{number}: a second mutant called {value.strip()}")
            names.add(value.strip())
        fields[key] = value.strip()
    finish(number + 1)
    return mutants


def read_all():
    mutants = [mutant for name in LISTS if (HERE / name).exists() for mutant in read(HERE / name)]
    names = [mutant.name for mutant in mutants]
    for name in names:
        if names.count(name) > 1:
            raise Mistake(f"two lists have a mutant called {name}")
    return mutants


class Sources:
    """The sources under a folder, read once each."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}

    def text(self, file):
        if file not in self.texts:
            path = self.root / file
            self.texts[file] = path.read_text() if path.is_file() else None
        return self.texts[file]

    def everywhere(self):
        for room in ROOMS:
            for path in sorted((self.root / room).rglob("*")):
                if path.suffix in (".cpp", ".hpp"):
                    yield str(path.relative_to(self.root))

    def place(self, mutant):
        """The file and the match of a mutant's `find`: in its file, or the only one anywhere. Mistake if there is none."""
        pattern = pattern_of(mutant.find)
        text = self.text(mutant.file)
        found = [(mutant.file, match) for match in pattern.finditer(text)] if text is not None else []
        if not found:
            found = [(file, match) for file in self.everywhere() for match in pattern.finditer(self.text(file))]
        if len(found) != 1:
            raise Mistake(f"{mutant.origin}: `find` of {mutant.name} matches {len(found)} times: {mutant.find}")
        return found[0]

    def mutated(self, mutant):
        """The file and its text with the fault in it."""
        file, match = self.place(mutant)
        text = self.text(file)
        changed = text[: match.start()] + mutant.put + text[match.end() :]
        if changed == text:
            raise Mistake(f"{mutant.origin}: {mutant.name} changes nothing")
        return file, changed
