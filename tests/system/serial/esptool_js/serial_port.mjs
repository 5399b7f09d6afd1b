// A Web Serial port at the end of a TCP connection, by RFC 2217: what a browser would give to
// esptool-js. Of `SerialPort` it has what esptool-js uses; as there, `readable` and `writable` are
// null while the port is closed, a cancelled `readable` is followed by a new one, and a port that
// is open keeps its speed.
//
//   data            bytes, FF sent as FF FF
//   negotiation     FF verb option
//   subnegotiation  FF FA option bytes, FF doubled, FF F0
import net from "node:net";

const IAC = 0xff, SE = 0xf0, SB = 0xfa, WILL = 0xfb, WONT = 0xfc, DO = 0xfd, DONT = 0xfe;
const BINARY = 0, SUPPRESS_GO_AHEAD = 3, COM_PORT = 44;
const OURS = new Set([BINARY, SUPPRESS_GO_AHEAD, COM_PORT]);
const SET_BAUDRATE = 1, SET_DATASIZE = 2, SET_PARITY = 3, SET_STOPSIZE = 4, SET_CONTROL = 5;
const NO_FLOW_CONTROL = 1, DTR = { on: 8, off: 9 }, RTS = { on: 11, off: 12 };
const ANSWER = 100; // what the server adds to the code of a command that it has carried out
const PATIENCE_MS = 60000;

function doubled(bytes) {
    const out = [];
    for (const byte of bytes) {
        out.push(byte);
        if (byte === IAC) {
            out.push(IAC);
        }
    }
    return Uint8Array.from(out);
}

// Parts a stream of telnet into data, negotiations and subnegotiations, however it is split.
class TelnetReader {
    constructor({ data, verb, sub }) {
        Object.assign(this, { data, verb, sub });
        this.state = this.#plain;
    }

    feed(bytes) {
        this.out = [];
        for (const byte of bytes) {
            this.state = this.state(byte);
        }
        if (this.out.length > 0) {
            this.data(Uint8Array.from(this.out));
        }
    }

    #plain(byte) {
        if (byte === IAC) {
            return this.#escaped;
        }
        this.out.push(byte);
        return this.#plain;
    }

    #escaped(byte) {
        if (byte === IAC) {
            this.out.push(byte);
        } else if (byte === SB) {
            this.collected = [];
            return this.#inside;
        } else if (byte >= WILL) {
            this.kind = byte;
            return this.#option;
        }
        return this.#plain;
    }

    #option(byte) {
        this.verb(this.kind, byte);
        return this.#plain;
    }

    #inside(byte) {
        if (byte === IAC) {
            return this.#insideEscaped;
        }
        this.collected.push(byte);
        return this.#inside;
    }

    #insideEscaped(byte) {
        if (byte === IAC) {
            this.collected.push(byte);
            return this.#inside;
        }
        this.sub(this.collected);
        return this.#plain;
    }
}

export class Rfc2217Port {
    #host;
    #port;
    #socket = null;
    #incoming = null; // the controller of #readable
    #readable = null;
    #writable = null;
    #said = new Set(); // negotiations that were sent: none is answered twice
    #waiting = []; // { code, resolve }: commands that the server has not answered

    constructor(url) {
        const { protocol, hostname, port } = new URL(url);
        if (protocol !== "rfc2217:") {
            throw new Error(`${url} is not rfc2217://HOST:PORT`);
        }
        [this.#host, this.#port] = [hostname, Number(port)];
    }

    // No USB behind it, so nothing that esptool-js could take for a chip's own USB port.
    getInfo() {
        return {};
    }

    get readable() {
        return this.#socket && (this.#readable ??= this.#newReadable());
    }

    get writable() {
        return this.#socket && this.#writable;
    }

    async open({ baudRate }) {
        this.#socket = await this.#connect();
        this.#said.clear();
        this.#writable = new WritableStream({ write: (chunk) => this.#send(doubled(chunk)) });
        const reader = new TelnetReader({
            data: (bytes) => this.readable && this.#incoming.enqueue(bytes),
            verb: (verb, option) => this.#negotiate(verb, option),
            sub: ([option, ...bytes]) => option === COM_PORT && this.#answered(bytes[0]),
        });
        this.#socket.on("data", (bytes) => reader.feed(bytes));
        this.#socket.on("close", () => this.#lost());
        this.#say(WILL, COM_PORT);
        this.#say(WILL, BINARY);
        this.#say(DO, BINARY);
        const baud = [24, 16, 8, 0].map((shift) => (baudRate >> shift) & 0xff);
        await this.#command(SET_BAUDRATE, baud);
        await this.#command(SET_DATASIZE, [8]);
        await this.#command(SET_PARITY, [1]);
        await this.#command(SET_STOPSIZE, [1]);
        await this.#command(SET_CONTROL, [NO_FLOW_CONTROL]);
    }

    async close() {
        const socket = this.#socket;
        this.#lost();
        if (socket && !socket.destroyed) {
            await new Promise((resolve) => socket.once("close", resolve).destroySoon());
        }
    }

    // A line that is not named keeps its level. DTR goes first, as pyserial does it.
    async setSignals({ dataTerminalReady, requestToSend }) {
        const wanted = [[DTR, dataTerminalReady], [RTS, requestToSend]];
        const named = wanted.filter(([, level]) => level !== undefined);
        await Promise.all(
            named.map(([line, level]) => this.#command(SET_CONTROL, [level ? line.on : line.off])));
    }

    #connect() {
        return new Promise((resolve, reject) => {
            const socket = net.connect(this.#port, this.#host, () => resolve(socket));
            socket.once("error", reject).setNoDelay(true);
        });
    }

    #newReadable() {
        return new ReadableStream({
            start: (controller) => {
                this.#incoming = controller;
            },
            cancel: () => {
                this.#readable = null;
            },
        });
    }

    #send(bytes) {
        return new Promise((resolve, reject) => {
            this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
        });
    }

    #say(verb, option) {
        const key = verb << 8 | option;
        if (!this.#said.has(key)) {
            this.#said.add(key);
            this.#socket.write(Uint8Array.of(IAC, verb, option));
        }
    }

    #negotiate(verb, option) {
        if (verb === WILL) {
            this.#say(OURS.has(option) ? DO : DONT, option);
        } else if (verb === DO) {
            this.#say(OURS.has(option) ? WILL : WONT, option);
        }
    }

    #command(code, payload) {
        const answer = new Promise((resolve, reject) => {
            const timer = setTimeout(
                () => reject(new Error(`the port left command ${code} (${payload}) unanswered`)),
                PATIENCE_MS);
            this.#waiting.push({ code, resolve: () => resolve(clearTimeout(timer)) });
        });
        this.#socket.write(
            Uint8Array.of(IAC, SB, COM_PORT, code, ...doubled(payload), IAC, SE));
        return answer;
    }

    #answered(code) {
        const index = this.#waiting.findIndex((one) => one.code + ANSWER === code);
        if (index >= 0) {
            this.#waiting.splice(index, 1)[0].resolve();
        }
    }

    #lost() {
        if (this.#readable) {
            this.#incoming.close();
        }
        this.#socket = this.#readable = this.#writable = null;
    }
}
