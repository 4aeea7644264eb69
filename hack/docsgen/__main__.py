"""`python -m hack.docsgen`: write the generated pages of docs/reference."""

from pathlib import Path

from hack.docsgen import aws_actions, aws_errors, commands, kinds, metrics, settings, vocabulary

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def render() -> dict[Path, str]:
    """Text of every generated page."""
    sources = (kinds, vocabulary, settings, commands, metrics, aws_actions, aws_errors)
    return {FOLDER / name: text for source in sources for name, text in source.render().items()}


def main() -> None:
    """Write the pages."""
    for path, text in render().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
