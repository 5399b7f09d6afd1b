// Pushes an image as esp-ota does it, and says each state that it goes through.
//
//   node push.mjs FOLDER IMAGE PORT [PASSWORD]
//
// FOLDER is where npm put esp-ota; the device is on this machine.
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const [folder, image, port, password] = process.argv.slice(2);
const EspOTA = createRequire(path.join(path.resolve(folder), "package.json"))("esp-ota");
const sender = new EspOTA("127.0.0.1");
sender.on("state", (state) => console.log(state));
if (password !== undefined) {
    sender.setPassword(password);
}
await sender.uploadFirmware(image, "127.0.0.1", Number(port));
