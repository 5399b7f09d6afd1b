// Flashes a board as a browser's flasher does it: esptool-js on a serial port, here one over
// RFC 2217. Says what happens; exits 1 with the reason when anything is not as it should be.
//
//   node flash.mjs [--rom] [--baud BAUD] --modules FOLDER --port URL --until TEXT ADDRESS FILE ...
//
// FOLDER is where npm put esptool-js. The flash is erased, each file is written, compared by its
// MD5, and read back; then the chip is reset and must show the text. With --rom the stub stays
// away, and with it erasing and reading.
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Rfc2217Port } from "./serial_port.mjs";

const CONSOLE_BAUD = 115200;
const CONSOLE_PATIENCE_MS = 120000;
const ROM_BLOCK = 0x400;
const FLASH_SIZE = "4MB";

function check(condition, message) {
    if (!condition) {
        throw new Error(message);
    }
}

function md5(bytes) {
    return crypto.createHash("md5").update(bytes).digest("hex");
}

function hex(address) {
    return `0x${address.toString(16)}`;
}

function arguments_() {
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            rom: { type: "boolean", default: false },
            baud: { type: "string", default: String(CONSOLE_BAUD) },
            modules: { type: "string" },
            port: { type: "string" },
            until: { type: "string" },
        },
    });
    const files = [];
    for (let i = 0; i < positionals.length; i += 2) {
        const data = new Uint8Array(fs.readFileSync(positionals[i + 1]));
        files.push({ address: Number(positionals[i]), data });
    }
    return { ...values, baud: Number(values.baud), files };
}

// Modules are looked for beside the file that asks, and these are not in the source tree.
function importFrom(folder, name) {
    const require = createRequire(path.join(path.resolve(folder), "package.json"));
    return import(pathToFileURL(require.resolve(name)));
}

function write(loader, files, more) {
    return loader.writeFlash({
        fileArray: files, flashMode: "keep", flashFreq: "keep", flashSize: FLASH_SIZE, ...more });
}

async function flashThroughStub(loader, { files }) {
    const chip = await loader.main();
    check(chip.startsWith("ESP32"), `the chip is taken for ${chip}`);
    check(loader.IS_STUB, "the stub does not run");
    check(await loader.detectFlashSize() === FLASH_SIZE, "the flash is not of the right size");
    await write(loader, files, { eraseAll: true, compress: true, calculateMD5Hash: md5 });
    for (const { address, data } of files) {
        const read = await loader.readFlash(address, data.length);
        check(md5(read) === md5(data), `read back from ${hex(address)}: other bytes`);
    }
}

// esptool-js itself never goes without a stub, but its parts can. The size of a block and the long
// form of SPI_ATTACH are the ROM's; and its MD5 comes as text, of which esptool-js makes hex again.
async function flashWithRom(loader, { files }) {
    await loader.detectChip();
    check(loader.chip.CHIP_NAME === "ESP32", `the chip is taken for ${loader.chip.CHIP_NAME}`);
    await loader.checkCommand("attach the flash", loader.ESP_SPI_ATTACH, new Uint8Array(8));
    loader.FLASH_WRITE_SIZE = ROM_BLOCK;
    for (const compress of [false, true]) {
        await write(loader, files, { compress });
        for (const { address, data } of files) {
            const text = Buffer.from(await loader.flashMd5sum(address, data.length), "hex");
            check(text.toString() === md5(data), `the loader's MD5 at ${hex(address)} is ${text}`);
        }
    }
}

// The port is opened again, for a console. EN is pulled low here: the hard reset of esptool-js only
// lets go of it.
async function resetAndSee(loader, transport, until) {
    await transport.disconnect();
    await transport.connect(CONSOLE_BAUD);
    let seen = "";
    const decoder = new TextDecoder();
    const shown = () => seen.includes(until);
    const console_ = transport.rawRead((bytes) => {
        seen += decoder.decode(bytes, { stream: true });
    }, shown);
    await transport.setDTR(false);
    await transport.setRTS(true);
    await loader.after("hard_reset");
    const patience = setTimeout(() => transport.disconnect(), CONSOLE_PATIENCE_MS);
    await console_;
    clearTimeout(patience);
    check(shown(), `the console never showed "${until}", but:\n${seen}`);
    return seen;
}

async function main() {
    const options = arguments_();
    const { ESPLoader, Transport } = await importFrom(options.modules, "esptool-js");
    const transport = new Transport(new Rfc2217Port(options.port));
    const terminal = { clean() {}, write: (text) => process.stdout.write(text),
        writeLine: (text) => console.log(text) };
    const loader = new ESPLoader({ transport, baudrate: options.baud, terminal,
        romBaudrate: CONSOLE_BAUD });
    await (options.rom ? flashWithRom : flashThroughStub)(loader, options);
    console.log(await resetAndSee(loader, transport, options.until));
    await transport.disconnect();
}

main().catch((error) => {
    console.error(`flash.mjs: ${error.stack}`);
    process.exit(1);
});
