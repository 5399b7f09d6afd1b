"""Partition tables, otadata and app descriptors, read and made by esp-idf-defs: the code of
ESP-IDF's gen_esp32part.py as a package. Runs in the environment that has it, for formats_test.py:
WHAT FILE..., and prints what the test compares."""
import json
import pathlib
import sys

from esp_idf_defs import AppDescription, OtaDataSelectEntry, PartitionTable


def table(csv, binary):
    """Compiles the CSV into the file."""
    made = PartitionTable.from_csv(pathlib.Path(csv).read_text())
    made.verify()
    pathlib.Path(binary).write_bytes(made.to_binary())


def csv_of(binary):
    """The table as CSV."""
    read = PartitionTable.from_binary(pathlib.Path(binary).read_bytes())
    read.verify()
    print(read.to_csv())


def otadata(flash, addr):
    """Both records of a flash file."""
    data = pathlib.Path(flash).read_bytes()[int(addr, 0):]
    records = [OtaDataSelectEntry.from_bytes(data[at:at + 32]) for at in (0, 0x1000)]
    print(json.dumps([r and [r.seq, r.ota_state.name] for r in records]))


def select(flash, addr, seq):
    """Writes the record that selects a slot into the first sector."""
    with open(flash, "r+b") as file:
        file.seek(int(addr, 0))
        file.write(OtaDataSelectEntry(int(seq)).to_bytes())


def descriptor(image):
    data = pathlib.Path(image).read_bytes()[AppDescription.FIRMWARE_BINARY_OFFSET:]
    said = AppDescription.from_bytes_or_none(data[:AppDescription.SIZE])
    print(said.project_name, said.version)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
