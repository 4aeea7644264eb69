"""`python -m hack.docsgen`: write the generated pages of docs/reference."""

from pathlib import Path

from hack.docsgen import aws_actions, aws_errors, kinds, metrics, settings, vocabulary

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def render() -> dict[Path, str]:
    """Text of every generated page."""
    pages = kinds.render() | vocabulary.render() | settings.render() | metrics.render()
    pages |= aws_actions.render() | aws_errors.render()
    return {FOLDER / name: text for name, text in pages.items()}


def main() -> None:
    """Write the pages."""
    for path, text in render().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
