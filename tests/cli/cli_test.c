// The tool as a user meets it: exit codes, messages, and files that survive a failure. Each test
// works in a folder of its own.
#include "enc_vectors.h"
#include "hostlib/keys/secret.h"
#include "tool.h"
#include <stdio.h>

// A name with C1 control characters, which terminals execute like ESC, was shown unchanged.
static void control_characters_of_others_are_shown_and_not_executed(void **state)
{
    (void)state;
    expect(1, "$A image info \"$(printf 'a\\233[2J\\302\\233z')\"");
    says("a?[2J??z");
    expect(1, "$A image info \"$(printf 'gro\\303\\237')\"");
    says("gro\303\237");
}

static void the_front_door_helps(void **state)
{
    (void)state;
    expect(0, "$A --help");
    says("parts");
    says("serve");
    expect(0, "$A --version");
    expect(0, "$A");
    says("`aloft --help` lists the commands");
    expect(2, "$A prats");
    says("did you mean `aloft parts`?");
    expect(2, "$A parts bild");
    says("did you mean `aloft parts build`?");
    expect(2, "$A parts build --templat two_ota -o x");
    says("did you mean '--template'?");
}

// Asks the tool for its list of commands, so that a new one is tested as well.
static void every_command_has_help_with_examples(void **state)
{
    (void)state;
    expect(0,
           "list() { $A $1 --help | sed -n '/^Commands:/,/^$/s/^  \\([a-z-]*\\) .*/\\1/p'; }\n"
           "list '' > groups; test $(wc -l < groups) -gt 15 || exit 9\n"
           "for g in $(cat groups); do for c in $(list $g) .; do\n"
           "  test $c = . && c= && test -n \"$(list $g)\" && continue\n"
           "  $A $g $c --help > help || exit 8; count=x$count\n"
           "  for text in '^Usage: aloft '$g '^Examples:' '^  .*aloft '$g '^Exit status: 0'; do\n"
           "    grep -q -- \"$text\" help || { echo \"$g $c: no $text\"; exit 7; }; done\n"
           "done; done; test ${#count} -gt 40");
}

static void operands_are_counted_as_the_help_shows_them(void **state)
{
    (void)state;
    expect(2, "$A parts list x");
    says("unexpected operand 'x'");
    expect(2, "$A otadata switch f");
    says("missing operand; usage: aloft otadata switch FLASH SLOT");
    expect(2, "$A nvs get a b c d");
    says("unexpected operand 'd'");
    expect(2, "$A control host");
    says("missing operand");
    expect(2, "$A control host boot ota_0 more");
    says("unexpected operand 'more'");
    expect(2, "$A parts check a b");
    says("unexpected operand 'b'");
    expect(2, "$A flash");
    says("build is not a folder");
    expect(2, "$A flash 0x1000 a 0x8000");
    says("offset 0x8000 has no file");
    expect(2, "$A erase-flash 0 0x1000 0x1000");
    says("unexpected operand '0x1000'");
    expect(2, "$A board write f 0x1000");
    says("missing operand");
    expect(2, "$A board write f $(seq 64)"); // the 65th was dropped silently
    says("more than 64 operands");
    expect(0, "$A decrypt --help");
    says("Usage: aloft decrypt IN --key KEY --output OUT [options]");
}

static void tables_are_built_shown_and_checked(void **state)
{
    (void)state;
    expect(0, "$A parts build --template two_ota -o t.bin");
    expect(0, "$A parts show t.bin");
    says("0x0110000       1M  ota_0             app   ota_0");
    says("(free)");
    expect(0, "$A parts show t.bin --csv > t.csv && $A parts build t.csv -o t2.bin && "
              "cmp t.bin t2.bin");
    expect(0, "$A parts show t.bin --json | grep -q '\"name\": \"otadata\"'");
    expect(0, "cat t.bin | $A parts show -");
    expect(0, "$A parts check t.bin --flash-size 4MB");
    expect(1, "$A parts check t.bin --flash-size 2MB");
    expect(1, "$A parts build t.bin -o x");
    says("binary table already");
    expect(1, "printf x | dd of=t.bin bs=1 seek=40 conv=notrunc 2>/dev/null; $A parts show t.bin");
    says("PTABLE_MD5");
}

// The story: a table with subtype 0xff was shown as CSV that no build took.
static void csv_that_is_shown_is_built_again(void **state)
{
    (void)state;
    write_text("odd.csv", "b,bootloader,primary,0x1000,\nany,data,0xff,,4K\nf,app,factory,,1M\n");
    expect(0, "$A parts build odd.csv -o odd.bin && $A parts show odd.bin --csv > again.csv");
    says("0xff, which means \"any\"");
    expect(0, "$A parts build again.csv -o again.bin && cmp odd.bin again.bin");
    expect(0, "printf '# no rows' | $A parts build - -o none.bin && $A parts show none.bin --csv | "
              "$A parts build - -o again.bin && cmp none.bin again.bin");
    write_text("own.csv", "a,data,my_store,,4K\n");
    expect(1, "$A parts check own.csv");
    expect(2, "$A parts check own.csv --extra-partition-subtypes 'data, my_store'");
    expect(0,
           "$A parts build own.csv --extra-partition-subtypes 'data, my_store, 0x40' -o own.bin");
    expect(0, "$A parts show own.bin --csv --extra-partition-subtypes 'data,my_store,40' | "
              "grep a,data,my_store,0x9000,4K");
    expect(0, "$A parts show own.bin --csv | grep a,data,64,0x9000,4K");
}

static void a_table_that_is_never_updated_is_said_where_it_goes_to_a_board(void **state)
{
    (void)state;
    write_text("late.csv", "o,data,ota,,8K\na,app,ota_1,,1M\nb,app,ota_2,,1M\n");
    expect(0, "$A parts check late.csv");
    says("late.csv: line 2: 'a' is ota_1 and there is no ota_0");
    expect(0, "$A board create late.flash --table late.csv");
    says("late.csv: line 2: 'a' is ota_1 and there is no ota_0");
    expect(0, "$A parts show late.flash --csv > again.csv");
    expect(0, "$A parts build late.csv -o late.bin && $A board write late.flash 0x8000 late.bin");
    says("late.bin: row 2: 'a' is ota_1 and there is no ota_0");
    write_text("large.csv", "f,app,factory,,4M\n");
    expect(1,
           "$A board create large.flash --table large.csv || { test ! -e large.flash && exit 1; }");
    says("shrink the table");
    expect(1, "$A board create late.flash --force --table large.csv || "
              "{ $A parts check late.flash && exit 1; }"); // the old file stays
}

// The message only said that the file does not start with E9, which did not tell the user what to
// do.
static void erased_flash_is_called_so(void **state)
{
    (void)state;
    expect(0, "$A board create erased.flash --size 4MB --force && $A parts build --template "
              "two_ota -o erased.bin && $A board write erased.flash 0x8000 erased.bin");
    expect(1, "$A image info erased.flash --slot ota_0");
    says("erased.flash: ota_0: erased flash; nothing was flashed here");
    expect(1, "head -c 4096 erased.flash | $A image verify -");
    says("nothing was flashed here");
    expect(1, "printf x > x.bin && $A image info x.bin");
    says("IMAGE_MAGIC");
}

static void a_bad_table_names_its_line_and_writes_nothing(void **state)
{
    (void)state;
    write_text("bad.csv", "nvs,data,nvs,,24K\nota_0,app,ota_0,0x18000,1M\n");
    write_text("out.bin", "precious");
    expect(1, "$A parts build bad.csv -o out.bin");
    says("bad.csv: line 2: 'ota_0' starts at 0x18000");
    expect(0, "test \"$(cat out.bin)\" = precious && test $(ls out.bin* | wc -l) = 1");
    expect(1, "$A parts build missing.csv -o out.bin");
    says("cannot open missing.csv");
    expect(2, "$A parts build bad.csv");
    expect(2, "$A parts build bad.csv -o x --flash-size 3MB");
    expect(2, "$A parts build bad.csv --template two_ota -o x");
    expect(1, "$A parts build --template nope -o x");
    expect(1, "$A parts build --template two_ota -o missing/x");
    expect(0, "$A parts build --template two_ota -o /dev/null && test -c /dev/null");
}

static void images_are_built_and_judged(void **state)
{
    (void)state;
    expect(0, "$A image build /bin/true -o a.bin --project hello --version 1.2.3 --set k=v");
    expect(0, "$A image build /bin/true -o b.bin --project hello --version 1.2.3 --set k=v && "
              "cmp a.bin b.bin");
    expect(0, "$A image info a.bin");
    says("Project       hello");
    says("Version       1.2.3");
    says("(valid)");
    expect(0, "$A image info a.bin --json | grep -q '\"good\": true'");
    expect(0, "$A image verify a.bin --native --chip esp32 --chip-revision 3.3 < a.bin");
    expect(1, "$A image verify a.bin --chip esp32-c3");
    says("IMAGE_CHIP");
    expect(1, "$A image verify a.bin --chip-revision 3.1");
    says("IMAGE_REVISION");
    expect(1, "$A image verify a.bin --max-size 4K");
    says("IMAGE_TOO_LARGE");
    expect(1, "head -c 1000 a.bin | $A image verify -");
    says("IMAGE_TRUNCATED");
    expect(1, "$A image info - < /dev/null");
    says("IMAGE_EMPTY");
    expect(1, "(cat a.bin; echo x) > c.bin; $A image verify c.bin");
    says("IMAGE_TRAILING");
    expect(1, "cp a.bin c.bin; printf x | dd of=c.bin bs=1 seek=500 conv=notrunc 2>/dev/null; "
              "$A image info c.bin");
    says("Segments      2");
    says("IMAGE_CHECKSUM");
    expect(1, "$A image info c.bin --json | tee c.json; grep -q '\"good\": true' c.json");
    says("\"fault\": \"IMAGE_CHECKSUM\"");
    expect(2, "$A image verify a.bin --chip esp99");
    expect(2, "$A image build /bin/true -o x --set novalue");
    expect(1, "$A image build a.bin -o x");
    says("not an ELF");
}

// A certificate has many lines; they come back as they are, whatever system wrote the file.
static void a_setting_can_be_a_file(void **state)
{
    (void)state;
    expect(0, "printf -- '-----BEGIN\\nAB=\\n-----END\\n' > lf && "
              "printf -- '-----BEGIN\\r\\nAB=\\r\\n-----END\\r\\n' > crlf && "
              "$A image build /bin/true -o lf.bin --set k=v --set-file ca=lf && "
              "$A image build /bin/true -o crlf.bin --set-file ca=crlf --set k=v && "
              "cmp lf.bin crlf.bin");
    expect(0, "tail -c +289 lf.bin | head -c 8 | grep -q ALOFTCFG && "
              "tail -c +301 lf.bin | tr '\\r' '|' | grep -aq '^ca=-----BEGIN|AB=|-----END$'");
    // A value from an editor: its last line end, or a byte order mark, once became part of a host
    // name, which then could not be resolved.
    expect(0,
           "printf 'http://h/x\\n' > url && printf '\\357\\273\\277http://h/x\\r\\n' > marked && "
           "$A image build /bin/true -o a.bin --set url=http://h/x && "
           "$A image build /bin/true -o b.bin --set-file url=url && cmp a.bin b.bin && "
           "$A image build /bin/true -o c.bin --set-file url=marked && cmp a.bin c.bin");
    expect(0, "printf 'v\\n\\n' > two && $A image build /bin/true -o d.bin --set-file k=two && "
              "tail -c +301 d.bin | tr '\\r' '|' | grep -aq '^k=v|$'");
    expect(2, "$A image build /bin/true -o x --set-file lf");
    says("write --set-file key=FILE");
    expect(1, "$A image build /bin/true -o x --set-file ca=missing");
    says("missing");
    expect(1, "$A image build /bin/true -o x --set ca=v --set-file ca=lf");
    says("given twice");
    expect(1, "printf 'a\\0b' > nul; $A image build /bin/true -o x --set-file ca=nul");
    says("not a text file");
    expect(1, "printf 'a\\rb' > cr; $A image build /bin/true -o x --set-file ca=cr");
    says("does not fit");
    expect(1, "head -c 49153 /dev/zero | tr '\\0' a > big; "
              "$A image build /bin/true -o x --set-file ca=big");
    expect(0, "head -c 49152 big > fits; $A image build /bin/true -o x --set-file ca=fits");
    expect(1, "$A image build /bin/true -o x --set-file ca=fits --set-file cb=fits");
    says("together");
}

// A flash with two_ota, the same good image in factory and ota_1, and noise in ota_0.
static void make_flash(void)
{
    expect(0, "head -c 4194304 /dev/zero | tr '\\0' '\\377' > f && "
              "$A parts build --template two_ota -o t.bin && "
              "$A image build /bin/true -o a.bin --version 9 && "
              "dd if=t.bin of=f bs=4096 seek=8 conv=notrunc 2>/dev/null && "
              "dd if=a.bin of=f bs=65536 seek=1 conv=notrunc 2>/dev/null && "
              "dd if=t.bin of=f bs=65536 seek=17 conv=notrunc 2>/dev/null && "
              "dd if=a.bin of=f bs=65536 seek=33 conv=notrunc 2>/dev/null");
}

static void an_encrypted_image_opens_with_its_key_alone(void **state)
{
    uint8_t spoilt[sizeof enc_golden];
    (void)state;
    write_bytes("key.der", enc_key, sizeof enc_key - 1);
    write_bytes("theirs.enc", enc_golden, sizeof enc_golden);
    write_bytes("ecc.enc", enc_golden_ecc, sizeof enc_golden_ecc);
    memcpy(spoilt, enc_golden, sizeof spoilt);
    spoilt[sizeof spoilt - 1] ^= 1;
    write_bytes("spoilt.enc", spoilt, sizeof spoilt);
    expect(0, "$A decrypt -k key.der theirs.enc -o plain && test $(wc -c < plain) = 100");
    expect(0, "$A encrypt --key key.der plain -o a.enc && $A encrypt --key key.der plain -o b.enc");
    says("warning: plain: Not an app image");
    expect(0, "$A decrypt -k key.der a.enc -o - | cmp - plain");
    expect(1, "cmp -s a.enc b.enc"); // another key and IV each time
    expect(0, "echo keep > kept");
    expect(1, "$A decrypt -k key.der spoilt.enc -o kept");
    says("ENC_TAG");
    says("nothing was written");
    expect(1, "$A decrypt -k key.der ecc.enc -o kept");
    says("ENC_ECC");
    expect(1, "head -c 600 theirs.enc > cut.enc; $A decrypt -k key.der cut.enc -o kept");
    says("ENC_LENGTH");
    expect(1, "$A decrypt -k key.der plain -o kept");
    says("not an encrypted image");
    expect(1, "$A decrypt -k plain theirs.enc -o kept");
    says("plain holds no key that can be read");
    expect(1, "$A encrypt -k key.der a.enc -o kept");
    says("encrypted image already");
    expect(1, "cp key.der safe; $A decrypt -k key.der theirs.enc -o key.der");
    says("key.der holds a private key, which is not overwritten");
    expect(1, "$A encrypt -k key.der plain -o key.der");
    says("key.der holds a private key, which is not overwritten");
    expect(0, "cmp key.der safe");
    expect(0, "grep -qx keep kept && test $(ls | grep -c kept) = 1");
    expect(2, "$A encrypt plain -o kept");
    says("give --key PUB: RSA-3072");
    expect(2, "$A decrypt -k key.der theirs.enc");
    says("give --output OUT");
}

// `parts read`, `parts build`, `image build` and `board create --force` took a key away, too. The
// writer of files refuses, so every output does.
static void no_output_is_written_over_a_private_key(void **state)
{
    static const char *const commands[] = {
        "$A parts read f factory -o k.pem",
        "$A parts build t.csv -o k.pem",
        "$A parts build t.csv -o link",
        "$A board create k.pem --size 4MB --force",
        "$A board create made --size 4MB --force",
        "$A keys public k.pem -o k.pem",
    };
    (void)state;
    make_flash();
    write_text("t.csv", "nvs,data,nvs,,16K\nf,app,factory,0x10000,1M\n");
    expect(0, "rm -f k.pem; $A keys create --type p256 -o k.pem && cp -p k.pem safe.pem");
    expect(0, "ln -sf k.pem link; touch made; cp k.pem made.efuse");
    for (size_t i = 0; i < COUNT(commands); i++) {
        expect(1, commands[i]);
        says("holds a private key, which is not overwritten; name another output");
    }
    expect(0, "cmp k.pem safe.pem && cmp made.efuse safe.pem && test -e made && test -L link");
    expect(0, "rm k.pem link made made.efuse");
}

// aloft encrypt --key enc.pem app.bin -o enc.pem took the only copy of the devices' key away.
static void no_image_is_written_over_a_private_key(void **state)
{
    (void)state;
    write_bytes("key.der", enc_key, sizeof enc_key - 1);
    write_bytes("theirs.enc", enc_golden, sizeof enc_golden);
    expect(0, "$A keys create --type p256 -o precious && cp precious copy");
    expect(1, "$A encrypt --key key.der key.der -o precious");
    says("holds a private key");
    expect(1, "$A decrypt --key key.der theirs.enc -o precious");
    says("holds a private key");
    expect(0, "cmp precious copy");
}

static void otadata_is_switched_only_to_good_images(void **state)
{
    (void)state;
    make_flash();
    expect(0, "$A otadata show f");
    says("Selected  none: no record counts");
    says("Will run  factory, as no record counts");
    says("bad: Not an app image");
    expect(0, "$A otadata switch f ota_1 --trial");
    expect(0, "$A otadata show f");
    says("Selected  ota_1, by record 0: NEW");
    says("Will run  ota_1, on trial: unless it confirms itself");
    expect(0, "$A otadata show f --no-trials | grep -q 'Will run  ota_1$'");
    expect(0, "$A otadata show f --json | grep -q '\"boots\": \"ota_1\"'");
    expect(1, "$A otadata switch f ota_0");
    says("IMAGE_MAGIC");
    expect(0, "$A otadata show f --json | grep -q '\"boots\": \"ota_1\"'");
    expect(0, "$A otadata switch f ota_0 --force");
    says("f: selects ota_0 from now on");
    expect(0, "cp f before; $A otadata show f --json | grep -q '\"selected\": \"ota_0\"'");
    expect(0, "$A otadata show f --json | grep -q '\"boots\": \"factory\"' && cmp f before");
    expect(0, "$A otadata show f | grep 'Will run  factory, as ota_0 is refused: IMAGE_MAGIC'");
    expect(0, "$A board info f | grep 'will run   factory, as ota_0 is refused: IMAGE_MAGIC'");
    expect(0, "dd if=f of=o bs=4096 skip=13 count=2 2>/dev/null; $A otadata show o");
    says("Selected  ota_0, by record");
    says("show the whole flash for that");
    expect(1, "$A otadata switch f ota_5");
    expect(2, "$A otadata switch f ota_99");
    expect(2, "$A otadata switch f factory --trial");
    expect(0, "$A otadata switch f factory");
    expect(0, "$A otadata switch f ota_1 && $A otadata erase f && $A otadata show f");
    says("Will run  factory");
    expect(0, "$A image info f --slot ota_1");
    expect(1, "$A image info f --slot ota_0");
    expect(1, "$A image info f");
    says("--slot");
    expect(1, "head -c 5000 f > g; $A otadata show g");
    says("5000 bytes");
    expect(1, "head -c 1048576 /dev/zero > g; $A otadata show g");
    says("PTABLE_MAGIC");
}

static void values_in_nvs_are_set_shown_and_erased(void **state)
{
    (void)state;
    make_flash();
    expect(0, "$A nvs set f app name kitchen && $A nvs get f app name");
    says("kitchen");
    expect(0, "$A nvs set f app n 0x10 --type u32 && $A nvs set f app b 00FF --type blob-hex");
    expect(0, "$A nvs show f");
    says("app n                            u32   16");
    says("app b                            blob  00ff");
    expect(0, "$A nvs show f --json | grep -q '\"value\": \"kitchen\"'");
    expect(2, "$A nvs set f app n x --type u32");
    expect(2, "$A nvs set f app b 0 --type blob-hex");
    expect(1, "$A nvs set f app a-name-of-16-byt x");
    says("NVS_NAME");
    expect(1, "$A nvs get f app none");
    expect(0, "$A nvs erase f app name");
    expect(1, "$A nvs erase f app name");
    says("NVS_NOT_FOUND");
    expect(1, "$A nvs show f --partition other");
    says("NO_NVS");
    expect(0, "dd if=f of=n.bin bs=4096 skip=9 count=4 2>/dev/null; $A nvs get n.bin app n");
    says("16");
    expect(0, "$A nvs set n.bin app n 17 --type u32; $A nvs get n.bin app n");
    says("17");
    expect(1, "head -c 5000 f > odd.bin; $A nvs show odd.bin");
    says("NVS_SIZE");
    expect(0, "dd if=f of=one.bin bs=4096 skip=9 count=1 2>/dev/null; $A nvs get one.bin app n");
    says("16");
    expect(1, "$A nvs set one.bin app n 17 --type u32"); // to write, it needs three pages
    says("NVS_SIZE");
    expect(0, "dd if=f bs=1M count=1 2>/dev/null | cmp -n 32768 - f"); // nothing before the table
}

// One flipped bit made `pin_revoked` look as if it had never been set; and a store whose entries
// are encrypted lost its page when the first value was set.
static void what_cannot_be_read_in_nvs_is_listed_and_stays(void **state)
{
    static const char flip[] = "python3 -c \"d=bytearray(open('f','rb').read());"
                               "d[d.index(b'v' * 40)]^=1;open('f','wb').write(d)\"";
    static const char scramble[] = "python3 -c \"import random;random.seed(1);"
                                   "d=bytearray(open('n.bin','rb').read());"
                                   "d[64:1024]=random.randbytes(960);open('n.bin','wb').write(d)\"";
    (void)state;
    make_flash();
    expect(0, "$A nvs set f aloft pin_revoked $(printf 'v%.0s' $(seq 64))");
    expect(0, "$A nvs set f app name kitchen");
    expect(0, "$A nvs show f");
    says("aloft_guards pin_revoked         u8    1");
    expect(0, flip);
    expect(1, "$A nvs get f aloft pin_revoked");
    says("NVS_CORRUPT");
    expect(0, "$A nvs show f");
    says("aloft pin_revoked                -     cannot be read, page 0 entry 1: its bytes are");
    expect(0, "$A nvs show f --json | tr -d ' \\n'");
    says("\"unreadable\":[{\"where\":\"page0entry1\"");
    expect(0,
           "cp f g && $A nvs set g app name x && $A nvs get g app name && cmp -i 36960 -n 96 f g");
    expect(0, "$A nvs erase g aloft pin_revoked && $A nvs show g");
    says("1 values in 4 pages of 4 KiB\n");
    expect(0, "$A nvs set f aloft pin_revoked 00 && $A nvs get f aloft pin_revoked");
    expect(0, "$A nvs show f | grep -c 'cannot be read' | grep -qx 0");
    expect(0, "dd if=f of=n.bin bs=4096 skip=9 count=4 2>/dev/null");
    expect(0, scramble);
    expect(0, "cp n.bin m.bin && $A nvs show n.bin");
    says("? ?                              -     cannot be read, page 0 entr");
    says("encrypted, damaged, or of an unknown type");
    expect(1, "$A nvs set n.bin app name x");
    says("NVS_UNREADABLE");
    expect(1, "$A nvs get n.bin app name");
    says("NVS_UNREADABLE");
    expect(1, "$A nvs erase n.bin app name");
    expect(0, "cmp n.bin m.bin");
}

static void a_damaged_password_is_listed_and_set_again(void **state)
{
    (void)state;
    make_flash();
    expect(0, "ALOFT_PASSWORD=12345678 $A secret set f push");
    expect(0, "python3 -c \"d=bytearray(open('f','rb').read());"
              "d[d.index(b'push_hash')]^=1;open('f','wb').write(d)\"");
    expect(0, "$A secret list f");
    says("push     damaged");
    says("set or clear it");
    expect(0, "cp f g && $A secret clear g push && $A secret list g");
    says("push     not set");
    expect(0, "ALOFT_PASSWORD=12345678 $A secret set f push && $A secret list f");
    says("push     set");
}

// The digests are those of sha256sum and md5sum.
static void a_password_leaves_its_verifier_and_no_more(void **state)
{
    (void)state;
    make_flash();
    write_text("pw", "correct horse\r\nnot this\n");
    // Windows editors write a byte order mark, which became part of the password.
    write_text("marked", "\xEF\xBB\xBF"
                         "correct horse\r\n");
    expect(0, "$A secret set f push --password-file marked");
    expect(0, "grep -qc \"$(printf 'correct horse' | sha256sum | cut -c1-64)\" f");
    expect(0, "iconv -f UTF-8 -t UTF-16 pw > wide && $A secret set f push --password-file wide && "
              "grep -qc \"$(printf 'correct horse' | sha256sum | cut -c1-64)\" f");
    expect(0, "$A secret set f push --password-file pw && $A secret list f");
    says("push     set");
    says("web      not set");
    expect(0, "grep -qc \"$(printf 'correct horse' | sha256sum | cut -c1-64)\" f");
    expect(0, "$A secret set f push --password-file pw --generation md5");
    expect(0, "$A secret list f");
    says("espota (MD5)");
    expect(0, "$A secret list f --json | tr -d ' \\n'");
    says("{\"ways\":[{\"name\":\"push\",\"set\":true,\"sha256\":false,\"md5\":true,"
         "\"damaged\":false,\"realm\":null,\"way\":\"push\"},{\"name\":\"web\",\"set\":false,");
    expect(1, "grep -q \"$(printf 'correct horse' | sha256sum | cut -c1-64)\" f");
    expect(0, "grep -q \"$(printf 'correct horse' | md5sum | cut -c1-32)\" f");
    expect(0,
           "$A nvs set f aloft device_id kitchen && ALOFT_PASSWORD=12345678 $A secret set f web");
    expect(0, "grep -q \"$(printf 'admin:kitchen:12345678' | sha256sum | cut -c1-64)\" f");
    expect(0, "grep -q \"$(printf 'admin:kitchen:12345678' | md5sum | cut -c1-32)\" f");
    expect(0, "ALOFT_PASSWORD=87654321 $A secret set f web --generation sha256");
    expect(1, "grep -q \"$(printf 'admin:kitchen:12345678' | md5sum | cut -c1-32)\" f");
    expect(0, "$A nvs set f aloft device_id 'my \"own\"'");
    expect(1, "ALOFT_PASSWORD=87654321 $A secret set f web"); // in a realm it would end at a quote
    says("device_id in NVS is not a name");
    expect(0, "$A nvs set f aloft device_id $(printf '%064d' 1)");
    expect(1, "ALOFT_PASSWORD=87654321 $A secret set f web"); // it was hashed with another realm
    expect(0, "$A nvs set f aloft device_id kitchen");
    expect(1, "ALOFT_PASSWORD=$(printf '%065d' 1) $A secret set f control");
    says("a token has at most 64 characters"); // a device reads no more: it would never fit
    expect(1, "ALOFT_PASSWORD='12345678 ' $A secret set f control");
    expect(1, "ALOFT_PASSWORD=1234567ü $A secret set f control");
    expect(0, "ALOFT_PASSWORD=$(printf '%064d' 1) $A secret set f control");
    expect(0, "$A secret set f control --password-file pw");
    expect(0, "grep -q 'pbkdf2-sha256\\$100000\\$' f");
    expect(1, "grep -q 'correct horse' f");
    expect(0, "$A nvs show f");
    says("aloft web_ha1                    str   set");
    expect(1, "$A nvs show f | grep -q pbkdf2");
    expect(1, "$A nvs get f aloft ctl_token");
    says("is a secret");
    expect(0, "$A secret clear f control && $A secret clear f control");
    expect(1, "grep -q 'pbkdf2-sha256' f");
    expect(0, "ALOFT_PASSWORD=short $A secret set f web");
    says("fewer than 8");
    expect(1, "ALOFT_PASSWORD= $A secret set f web");
    says("empty");
    expect(2, "ALOFT_PASSWORD=x $A secret set f webb");
    expect(2, "ALOFT_PASSWORD=x $A secret set f control --generation md5");
}

// Of a chosen token in the fast form somebody who has read the flash finds the text at once.
static void only_a_generated_token_gets_the_fast_verifier(void **state)
{
    (void)state;
    make_flash();
    expect(0, "$A secret set f control --generate token");
    says("it is in token");
    expect(0, "grep -qx 'aloft_[0-9a-f]\\{32\\}' token && stat -c %a token | grep -qx 600");
    expect(0, "grep -aq 'sha256\\$[0-9a-f]\\{32\\}\\$[0-9a-f]\\{64\\}' f");
    expect(1, "grep -aq pbkdf2 f || grep -aqf token f");
    expect(1, "$A secret set f control --generate token");
    says("token is there already");
    expect(0, "$A secret set f control --password-file token"); // who knows where it is from?
    expect(0, "grep -aq 'pbkdf2-sha256\\$100000\\$' f");
    expect(0, "test $($A secret set f control --generate - | wc -c) = 39");
    expect(2, "$A secret set f control --generate a --password-file token");
    expect(2, "$A secret set f key --key-file k --generate a");
    expect(1, "$A secret set none control --generate a");
    expect(1, "test -e a"); // no device has it
}

// The password was hashed with the virtual board's MAC, whatever the file was of, and the device
// answered 401 without a word why.
static void a_password_is_of_the_devices_name_or_mac(void **state)
{
    (void)state;
    make_flash();
    expect(0, "echo 12345678 > pw && $A secret set f web --password-file pw && $A secret list f");
    says("(SHA-256 and MD5), realm 02a10f000001");
    expect(1, "setsid -w $A secret set n web --password-file pw --create 0x3000");
    says("n does not tell it: give --name NAME, or --mac MAC");
    expect(1, "test -e n");
    expect(1, "$A secret set n web --password-file pw --create 0x3000 --mac 7c:df:a1:00:11");
    says("is no MAC");
    expect(0, "$A secret set n web --password-file pw --create 0x3000 --mac 7C:DF:A1:00:11:22");
    expect(0, "grep -aq \"$(printf 'admin:7cdfa1001122:12345678' | sha256sum | cut -c1-64)\" n");
    expect(0, "$A nvs get n aloft web_realm && ! $A nvs get n aloft device_id 2>&1");
    says("7cdfa1001122");
    expect(0, "$A secret set n web --password-file pw --name 'lamp 7' && $A nvs show n");
    says("aloft device_id                  str   lamp 7");
    says("aloft web_realm                  str   lamp 7");
    says("aloft_guards web_realm");
    expect(0, "grep -aq \"$(printf 'admin:lamp 7:12345678' | sha256sum | cut -c1-64)\" n");
    expect(0, "$A secret set n web --password-file pw --mac 7cdfa1001122 && $A secret list n");
    says("--mac is not used: the device has a name");
    says("realm lamp 7");
    expect(1, "$A secret set n web --password-file pw --name 'a\"b'");
    says("--name is not a name for a device");
    expect(2, "$A secret set n web --password-file pw --name a --mac 7cdfa1001122");
    expect(2, "$A secret set n push --password-file pw --name a");
    // A bootloader that no board runs: the file was read from a chip.
    expect(0, "printf '\\351\\001' | dd of=f bs=1 seek=4096 conv=notrunc status=none");
    expect(1, "setsid -w $A secret set f web --password-file pw");
    says("f does not tell it");
    expect(0, "$A secret set f web --password-file pw --mac 7c-df-a1-00-11-22");
    expect(1, "$A secret set m push --password-file pw --create 0x2000");
    says("at least 3");
    expect(0, "$A nvs set m wifi ssid home --create 0x4000 && $A nvs get m wifi ssid");
    expect(0, "$A secret clear n web && $A nvs show n");
    expect(1, "$A nvs show n | grep web_");
}

// RFC 7616, section 3.9.1, and what Python's hashlib.pbkdf2_hmac gives.
static void verifiers_are_those_of_the_standards(void **state)
{
    uint8_t salt[ALOFT_SECRET_SALT] = {'s', 'a', 'l', 't'};
    char text[ALOFT_SECRET_TOKEN];
    (void)state;
    assert_true(aloft_secret_ha1(ALOFT_SECRET_MD5, "Mufasa", "http-auth@example.org",
                                 "Circle of Life", text));
    assert_string_equal(text, "3d78807defe7de2157e2b0b6573a855f");
    assert_true(aloft_secret_ha1(ALOFT_SECRET_SHA256, "Mufasa", "http-auth@example.org",
                                 "Circle of Life", text));
    assert_string_equal(text, "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
    assert_true(aloft_secret_token("passwd", 2, salt, text));
    assert_string_equal(text, "pbkdf2-sha256$2$73616c74000000000000000000000000$"
                              "cdb622c8082a136c99d1de9ada8c4840b97683224a121d1195c753e4a963ed28");
}

// Python: sha256(b"salt" + 12 * b"\0" + b":" + token)
static void a_generated_token_is_hashed_once(void **state)
{
    static const char token[] = "aloft_00112233445566778899aabbccddeeff";
    uint8_t salt[ALOFT_SECRET_SALT] = {'s', 'a', 'l', 't'};
    char text[ALOFT_SECRET_TOKEN];
    char made[ALOFT_SECRET_GENERATED];
    char other[ALOFT_SECRET_GENERATED];
    (void)state;
    assert_true(aloft_secret_generated_token(token, salt, text));
    assert_string_equal(text, "sha256$73616c74000000000000000000000000$"
                              "78428f0f0216d002de3eb0c922cf2d5b486a3b974f0fe5be17b56cc412fa4a4f");
    assert_false(aloft_secret_generated_token("sesame", salt, text));
    assert_true(aloft_secret_generate(made) && aloft_secret_generate(other));
    assert_int_equal(strlen(made), ALOFT_SECRET_GENERATED - 1);
    assert_string_not_equal(made, other);
    assert_true(aloft_secret_generated_token(made, salt, text));
}

static void output_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    expect(1, "$A parts list > /dev/full");
    says("cannot write to standard output");
    expect(1, "$A parts build --template two_ota -o - > /dev/full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_of_others_are_shown_and_not_executed),
        cmocka_unit_test(the_front_door_helps),
        cmocka_unit_test(every_command_has_help_with_examples),
        cmocka_unit_test(operands_are_counted_as_the_help_shows_them),
        cmocka_unit_test(tables_are_built_shown_and_checked),
        cmocka_unit_test(csv_that_is_shown_is_built_again),
        cmocka_unit_test(a_table_that_is_never_updated_is_said_where_it_goes_to_a_board),
        cmocka_unit_test(erased_flash_is_called_so),
        cmocka_unit_test(a_bad_table_names_its_line_and_writes_nothing),
        cmocka_unit_test(images_are_built_and_judged),
        cmocka_unit_test(an_encrypted_image_opens_with_its_key_alone),
        cmocka_unit_test(no_output_is_written_over_a_private_key),
        cmocka_unit_test(no_image_is_written_over_a_private_key),
        cmocka_unit_test(a_setting_can_be_a_file),
        cmocka_unit_test(otadata_is_switched_only_to_good_images),
        cmocka_unit_test(values_in_nvs_are_set_shown_and_erased),
        cmocka_unit_test(what_cannot_be_read_in_nvs_is_listed_and_stays),
        cmocka_unit_test(a_damaged_password_is_listed_and_set_again),
        cmocka_unit_test(a_password_leaves_its_verifier_and_no_more),
        cmocka_unit_test(only_a_generated_token_gets_the_fast_verifier),
        cmocka_unit_test(a_password_is_of_the_devices_name_or_mac),
        cmocka_unit_test(verifiers_are_those_of_the_standards),
        cmocka_unit_test(a_generated_token_is_hashed_once),
        cmocka_unit_test(output_that_cannot_be_written_is_a_failure),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
