// What users of other tools type: the old word in, the right command or answer out. What needs a
// chip is in tests/system/serial/habits_test.py.
#include "tool.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct habit {
    int status;
    const char *typed;
    const char *answer;
};

static void try_all(const struct habit *habits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect(habits[i].status, habits[i].typed);
        says(habits[i].answer);
    }
}

static void each_old_word_finds_its_command(void **state)
{
    static const struct habit habits[] = {
        {0, "$A write_flash --help", "Usage: aloft flash "},
        {0, "$A write-flash --help", "Usage: aloft flash "},
        {0, "$A help write_flash", "Usage: aloft flash "},
        {0, "$A help flash", "Usage: aloft flash "},
        {0, "$A read_flash -h", "Usage: aloft read-flash "},
        {0, "$A verify_flash -h", "Usage: aloft verify-flash "},
        {0, "$A erase_flash -h", "Usage: aloft erase-flash "},
        {0, "$A erase_region -h", "Usage: aloft erase-flash "},
        {0, "$A image_info -h", "Usage: aloft image info "},
        {0, "$A merge_bin -h", "Usage: aloft image merge "},
        {0, "$A merge-bin -h", "Usage: aloft image merge "},
        {0, "$A flash_id -h", "Usage: aloft chip-info "},
        {0, "$A chip_id -h", "Usage: aloft chip-info "},
        {0, "$A read_mac -h", "Usage: aloft chip-info "},
        {0, "$A run -h", "Usage: aloft chip-info "},
        {0, "$A size -h", "Usage: aloft image size "},
        {0, "$A version", "aloft "},
        {0, "$A read_partition -h", "Usage: aloft read-flash "},
        {0, "$A write_partition -h", "Usage: aloft flash "},
        {0, "$A erase_partition -h", "Usage: aloft erase-flash "},
        {0, "$A get_partition_info -h", "Usage: aloft chip-parts "},
        {0, "$A read_otadata -h", "Usage: aloft chip-boot "},
        {0, "$A erase_otadata -h", "Usage: aloft erase-flash "},
        {0, "$A switch_ota_partition -h", "Usage: aloft chip-boot "},
        {0, "$A read_ota_partition -h", "Usage: aloft read-flash "},
        {0, "$A write_ota_partition -h", "Usage: aloft flash "},
        {0, "$A erase_ota_partition -h", "Usage: aloft erase-flash "},
        {0, "$A generate -h", "Usage: aloft nvs build "},
        {2, "$A elf2image app.elf", "`aloft image build ELF -o BIN`"},
        {0, "$A build -h", "Usage: aloft build "},
        {0, "$A all -h", "Usage: aloft build "},
        {0, "$A app -h", "Usage: aloft build "},
        {0, "$A app-flash -h", "Usage: aloft flash "},
        {0, "$A bootloader-flash -h", "Usage: aloft flash "},
        {0, "$A partition_table-flash -h", "Usage: aloft flash "},
        {0, "$A partition-table -h", "Usage: aloft parts show "},
        {0, "$A size-components -h", "Usage: aloft image size "},
        {0, "$A size-files -h", "Usage: aloft image size "},
        {0, "$A menuconfig -h", "Usage: aloft project settings "},
        {0, "$A set-target -h", "Usage: aloft project target "},
        {0, "$A set-target esp32", "esp32: `aloft build` builds for the virtual board"},
        {0, "$A -C elsewhere set_target ESP32", "esp32: "},
        {1, "$A set-target esp32c3", "for an esp32c3 use idf.py set-target esp32c3 build"},
        {1, "$A set-target z80", "'z80' is not a chip"},
        {0, "$A clean -h", "Usage: aloft project clean "},
        {0, "$A fullclean -h", "Usage: aloft project clean "},
        {0, "$A encrypted-flash -h", "Usage: aloft flash "},
        {0, "$A encrypted-app-flash -h", "Usage: aloft flash "},
        {0, "$A monitor -h", "Usage: aloft monitor "},
        {0, "$A read_mem -h", "Usage: aloft chip-mem "},
        {0, "$A write_mem -h", "Usage: aloft chip-mem "},
        {0, "$A dump_mem -h", "Usage: aloft chip-mem "},
        {0, "$A read_flash_status -h", "Usage: aloft chip-info "},
        {2, "$A write_flash_status 0", "esptool write_flash_status writes it"},
        {2, "$A read_flash_sfdp 0 4", "esptool read_flash_sfdp the table"},
        {2, "$A load_ram app.bin", "use `aloft flash`"},
        {0, "$A parts help build", "Usage: aloft parts build "},
        {0, "$A help image info", "Usage: aloft image info "},
        {0, "$A", "What people do first"},
    };
    (void)state;
    try_all(habits, COUNT(habits));
}

// esptool and idf.py have the options of a connection before the command, and other words for them.
static void arguments_of_the_other_tool_mean_what_they_meant(void **state)
{
    static const struct habit habits[] = {
        {1, "$A -p ./no-port -b 921600 flash_id", "./no-port"},
        {1, "$A --chip esp32 --port ./no-port --before default_reset --after hard_reset flash_id",
         "./no-port"},
        {1, "$A --port=./no-port chip-info --before no_reset --after no_reset_stub", "./no-port"},
        {1,
         "$A -p ./no-port --no-stub --connect-attempts 3 write_flash -z --flash_mode dio "
         "--flash_freq 40m --flash_size detect 0x10000 a.bin",
         "./no-port"},
        {1, "$A -p ./no-port write_flash -fm dio -ff 40m -fs keep -u -e 0x10000 a.bin",
         "./no-port"},
        {1, "$A -p ./no-port write_flash @flash_args", "./no-port"},
        {1, "$A write_flash @missing", "missing"},
        {1, "$A -p ./no-port read_flash 0 0x1000 out.bin", "./no-port"},
        {1, "$A -p ./no-port read_flash 0 0x1000 --output out.bin", "./no-port"},
        {1, "$A -p ./no-port erase_region 0xd000 0x2000", "./no-port"},
        {1, "$A -p ./no-port verify_flash --diff yes 0x10000 a.bin", "./no-port"},
        {1, "ESPPORT=./no-esp-port $A flash_id", "./no-esp-port"},
        {1, "ESPTOOL_PORT=./no-esptool-port $A flash_id", "./no-esptool-port"},
        {1, "ESPPORT=./no-esp-port ALOFT_PORT=./no-port $A chip-info", "./no-port"},
        {1, "ESPPORT=./no-esp-port $A monitor", "./no-esp-port"},
        {2, "$A -p ./no-port flash monitor", "build is not a folder"},
        {2, "$A -B here -p ./no-port flash monitor", "here is not a folder"},
        {1, "$A -C p -p ./no-port monitor -t 5", "./no-port"},
        {1, "$A -C p -p ./no-port erase-flash", "./no-port"},
        {1, "$A -C p -p ./no-port read_otadata", "./no-port"},
        {2, "$A -C p -p ./no-port flash", "p/build is not a folder"},
        {2, "$A -C p -B there -p ./no-port flash", "there is not a folder"},
        {2, "$A -B there -C p -p ./no-port flash", "there is not a folder"},
        {1, "$A -p ./no-port read_mem 0x3ff00000", "./no-port"},
        {1, "$A -p ./no-port write_mem 0x3ff00000 1 0xff", "./no-port"},
        {1, "$A -p ./no-port dump_mem 0x3ffae000 64K out.bin", "./no-port"},
        {1, "$A -p ./no-port dump_mem 0x3ffae000 64 --output out.bin", "./no-port"},
        {2, "$A dump_mem 0x3ffae000 6 out.bin", "multiples of 4"},
        {2, "$A dump_mem 0xfffffffc 64 out.bin", "beyond the last address"},
        {2, "$A read_mem 0x3ff00002", "multiples of 4"},
        {2, "$A read_mem here", "address 'here' is not a word"},
        {2, "$A write_mem 0x3ff00000 1 many", "--mask 'many' is not a word"},
        {2, "$A chip-mem 0x3ff00000 64", "LEN goes with -o FILE"},
        {2, "$A chip-mem 0x3ff00000 --mask 1", "--mask goes with --write"},
        {2, "$A -p ./no-port write_flash --encrypt 0x10000 a.bin", "--encrypt needs --flash-key"},
        {2, "$A -p", "unknown command '-p'"},
        {2, "$A write_flash 0x1000 --baud", "--baud needs a value"},
        {1, "ALOFT_SOURCES=nowhere $A -B there build", "ALOFT_SOURCES name their folder"},
        {2, "$A flash --only ap", "--only 'ap'"},
    };
    (void)state;
    expect(0, "$A image build /bin/true -o a.bin --project hello && "
              "printf -- '--flash_mode dio\\n--flash_size 4MB\\n0x10000 a.bin\\n' > flash_args");
    try_all(habits, COUNT(habits));
    expect(0, "$A image_info --version 2 a.bin");
    says("Project       hello");
}

static void a_misspelt_word_is_told_the_one_that_was_meant(void **state)
{
    static const struct habit habits[] = {
        {2, "$A wirte_flash", "did you mean `aloft write-flash`?"},
        {2, "$A falsh", "did you mean `aloft flash`?"},
        {2, "$A image inof x", "did you mean `aloft image info`?"},
        {2, "$A image info a.bin --jsno", "did you mean '--json'?"},
        {2, "$A zzzzzz", "unknown command 'zzzzzz'\n"},
        {2, "$A at", "unknown command 'at'\n"}, // too short to guess
        {2, "$A control 127.0.0.1 staus", "command 'staus'; did you mean 'status'?"},
        {2, "$A control http://10.0.0.7:80/ status", "not a URL: write 10.0.0.7:80\n"},
        {2, "$A control 127.0.0.1 explode", "write status, boot, confirm, rollback"},
        {1, "$A otadata switch f ota_7", "the table has no slot ota_7; did you mean 'ota_0'?"},
        {1, "$A image info f --slot ota_7", "the table has no slot ota_7; did you mean 'ota_0'?"},
        {2, "$A image verify a.bin --chip esp32c33", "not a chip; did you mean 'esp32c3'?"},
        {2, "$A chip-info --chip esp32-s3", "--chip 'esp32-s3'; did you mean 'esp32s3'?"},
        {2, "$A chip-info --before rest", "--before 'rest'; did you mean 'reset'?"},
        {2, "$A chip-info --after rn", "--after 'rn'; write reset, run or no-reset"},
        {2, "$A keys create --type rsa307 -o k", "--type 'rsa307'; did you mean 'rsa3072'?"},
        {2, "$A nvs set f app k v --type sr", "--type 'sr'; write str, u32 or blob-hex"},
        {2, "$A nvs set f app k v --type stt", "--type 'stt'; did you mean 'str'?"},
        {1, "$A nvs get f app nmae", "there is no app nmae; did you mean 'name'?"},
        {2, "$A secret clear f wbe", "way 'wbe'; did you mean 'web'?"},
        {1, "$A parts show --template two_oat", "did you mean 'two_ota'?"},
        {1, "$A parts read f nsv -o x", "no partition \"nsv\"; did you mean 'nvs'?"},
        {2, "$A efuse burn-key-file f x --purpose hmac-up", "did you mean 'hmac_up'?"},
    };
    (void)state;
    expect(0, "$A image build /bin/true -o a.bin && $A board create f --size 4MB && "
              "$A parts build --template two_ota -o t.bin && $A board write f 0x8000 t.bin && "
              "$A nvs set f app name kitchen");
    try_all(habits, COUNT(habits));
    expect(0, "rm f");
}

// esptool's merge-bin made these files; all of a merge is bytes at their places, FF between them,
// and the two bytes of the bootloader's header with their SHA-256.
static void files_are_merged_at_their_offsets(void **state)
{
    (void)state;
    expect(0, "$A image build /bin/true -o b.bin --bootloader --offset 0x20000 && "
              "$A parts build --template two_ota -o t.bin");
    expect(0, "$A merge_bin -o m.bin 0x20000 t.bin 0x1000 b.bin");
    says("write it at 0x0");
    expect(0, "python3 -c \"b=open('b.bin','rb').read();t=open('t.bin','rb').read();"
              "m=open('m.bin','rb').read();"
              "assert m==b'\\xff'*4096+b+b'\\xff'*(0x1f000-len(b))+t\"");
    expect(0, "$A image merge -o n.bin --fill 256K --target-offset 0x1000 0x20000 t.bin "
              "0x1000 b.bin && test $(wc -c < n.bin) = 258048 && cmp -n 126976 n.bin b.bin; "
              "tail -c +4097 m.bin | cmp -n 130048 - n.bin");
    expect(0, "$A merge_bin --flash_mode qio --flash_freq 80m --flash_size 8MB -o q.bin "
              "0x1000 b.bin && tail -c +4097 q.bin > qb.bin && $A image info qb.bin");
    says("Flash         QIO, 80 MHz, 8 MB");
    says("(valid)");
    expect(0, "$A image info b.bin && ! cmp -s b.bin qb.bin");
    expect(1, "$A image merge -o m.bin 0x1000 b.bin 0x2000 t.bin");
    says("overlaps t.bin at 0x2000");
    expect(1, "$A image merge -o m.bin 0x1000 b.bin --target-offset 0x2000");
    says("lies before");
    expect(1, "$A image merge -o m.bin 0x20000 t.bin --fill 64K");
    says("beyond --fill 0x10000");
    expect(1, "$A image merge -o m.bin 0x1000 b.bin --flash-freq 37m");
    says("write keep, 80m, 40m, 26m, 20m");
    expect(1, "$A image merge -o m.bin 0x1000 b.bin --header-size detect");
    says("needs a chip");
    expect(1, "head -c 500 b.bin > cut.bin; $A image merge -o m.bin 0x1000 cut.bin "
              "--flash-mode qio");
    says("IMAGE_TRUNCATED");
    expect(2, "$A merge_bin --format uf2 -o m.bin 0x1000 b.bin");
    says("only raw");
    expect(2, "$A image merge -o m.bin 0x1000 b.bin 0x2000");
    says("offset 0x2000 has no file");
}

// nvs_partition_gen's line makes a partition; what is exported builds the same bytes again.
static void nvs_goes_to_csv_and_back(void **state)
{
    (void)state;
    write_text("n.csv",
               "key,type,encoding,value\napp,namespace,,\nname,data,string,\"a, \"\"b\"\"\"\n"
               "n,data,i16,-5\nb,data,base64,AAEC\naloft,namespace,,\n"
               "push_ha1,data,string,secret\n");
    expect(0, "$A generate n.csv n.bin 0x3000 --version 2 && test $(wc -c < n.bin) = 12288");
    expect(0, "mkdir out && $A generate n.csv n.bin 12288 --outdir out && cmp n.bin out/n.bin");
    expect(0, "$A nvs show n.bin");
    says("app name                         str   a, \"b\"");
    says("app n                            i16   -5");
    says("app b                            blob  000102");
    expect(0, "$A nvs export n.bin --secrets -o x.csv && $A nvs build x.csv -o y.bin --size 12K "
              "&& cmp n.bin y.bin");
    expect(0, "$A nvs export n.bin");
    says("1 secrets are left out");
    says("name,data,string,\"a, \"\"b\"\"\"\n");
    says("b,data,hex2bin,000102\n");
    expect(1, "$A nvs export n.bin 2>/dev/null | grep push_ha1");
    expect(0, "$A nvs set n.bin app bad \"$(printf 'a\\rb')\"");
    expect(1, "$A nvs export n.bin -o kept.csv || { test ! -e kept.csv && false; }");
    says("app bad cannot be written as CSV");
    expect(1, "$A nvs build missing.csv -o z.bin --size 12K");
    expect(2, "$A nvs build n.csv -o z.bin");
    says("give --size");
    expect(2, "$A generate n.csv z.bin 0x3000 --version 1");
    says("only 2 is made");
}

static void a_size_is_told_against_the_slot(void **state)
{
    (void)state;
    expect(0, "$A image build /bin/true -o a.bin && $A image size a.bin");
    says("segment 1, native at 0xa10f0000");
    says("--table or --slot-size compares it with a slot");
    expect(0, "$A image size a.bin --template two_ota");
    says("of factory (1,048,576)");
    expect(0, "printf 'f,app,factory,0x10000,1M\\no,app,ota_0,,512K\\n' > t.csv && "
              "$A image size a.bin --table t.csv");
    says("of o (524,288)");
    expect(1, "$A image size a.bin --slot-size 4K");
    says("more than the slot has (4,096)");
    expect(1, "$A image size a.bin --slot-size 4K --json");
    says("\"fits\": false");
    expect(0, "$A image size a.bin --json | python3 -c \"import json,os,sys;d=json.load(sys.stdin);"
              "assert d['size']==os.path.getsize('a.bin')==d['overhead']+"
              "sum(s['size'] for s in d['segments'])\"");
    expect(1, "head -c 900 a.bin > cut.bin; $A image size cut.bin");
    says("IMAGE_TRUNCATED");
    expect(2, "$A image size a.bin --slot-size 4K --template two_ota");
}

// parttool.py asks a file, too, before there is a chip.
static void a_partition_is_told_from_a_file(void **state)
{
    static const struct habit habits[] = {
        {0, "$A --partition-table-file t.bin get_partition_info --partition-name nvs",
         "0x9000 0x4000"},
        {0,
         "$A --partition-table-file t.csv get_partition_info --partition-type data "
         "--partition-subtype ota --info "
         "size offset",
         "0x2000 0x10000"},
        {0, "$A get_partition_info --partition-table-file f --partition-name ota_1",
         "0x210000 0x100000"},
        {0, "$A get_partition_info --partition-table-file t.bin --partition-boot-default",
         "0x10000 0x100000"},
        {0,
         "$A get_partition_info --partition-table-file ota.csv --partition-boot-default "
         "--info name",
         "first"},
        {1, "$A get_partition_info --partition-table-file t.csv --partition-boot-default",
         "no partition 'boot-default'"},
        {1, "$A --partition-table-file t.bin get_partition_info --partition-name nvx",
         "did you mean 'nvs'?"},
        {1, "$A chip-parts nvs --table bad.csv", "bad.csv: line 1: "},
        {1, "$A chip-parts nvs --table a.bin", "has no partition table"},
        {1, "$A chip-parts nvs --table missing", "missing"},
        {2, "$A chip-parts --table t.bin", "`aloft parts show t.bin` shows all"},
    };
    (void)state;
    expect(0, "$A parts build --template two_ota -o t.bin && $A image build /bin/true -o a.bin && "
              "printf 'o,data,ota,0x10000,8K\\n' > t.csv && "
              "printf 'o,data,ota,0x9000,8K\\nfirst,app,ota_0,0x10000,1M\\n' > ota.csv && echo "
              "'x,data' > bad.csv && "
              "$A board create f --force --table t.bin");
    try_all(habits, COUNT(habits));
    expect(0, "rm f");
}

// idf.py's words without arguments mean the folder `build`, as there.
static void a_build_folder_is_taken_by_its_list(void **state)
{
    static const struct habit habits[] = {
        {0, "$A size", "of factory (1,048,576)"},
        {0, "$A size --format text --template two_ota", "of factory (1,048,576)"},
        {0, "$A -B build size --json", "\"file\": \"build/app.bin\""},
        {0, "$A partition-table", "build/table/t.bin: binary table, 6 partitions"},
        {0, "$A merge-bin", "build/merged-binary.bin: "},
        {0,
         "$A merge_bin 0x1000 build/b.bin 0x20000 build/table/t.bin 0x30000 build/app.bin -o m.bin "
         "&& cmp m.bin build/merged-binary.bin",
         ""},
        {0, "$A image merge build -o - | cmp - m.bin", ""},
        {1, "$A -p ./no-port app-flash", "./no-port"},
        {1, "$A image merge table", "flasher_args.json"},
        {0, "$A parts show table", "table/t.bin: binary table"},
        {0, "$A parts show project", "project/partitions.csv: CSV table, 1 partitions"},
        {1, "$A size -B table", "there is no app (.bin) in table"},
        {1, "sed -i 's/\"app\"/\"ap\"/' build/flasher_args.json; $A size", "lists no app"},
    };
    (void)state;
    expect(0, "mkdir -p build/table table project && $A image build /bin/true -o build/app.bin && "
              "$A image build /bin/true -o build/b.bin --bootloader --offset 0x20000 && "
              "$A parts build --template two_ota -o build/table/t.bin && "
              "cp build/table/t.bin table && echo 'nvs,data,nvs,0x9000,16K' > "
              "project/partitions.csv");
    write_text("build/flasher_args.json",
               "{\"flash_files\": {\"0x20000\": \"table/t.bin\", \"0x30000\": \"app.bin\",\n"
               "\"0x1000\": \"b.bin\"}, \"app\": {\"offset\": \"0x30000\", \"file\":\n"
               "\"app.bin\"}, \"partition-table\": {\"offset\": \"0x20000\", \"file\":\n"
               "\"table/t.bin\"}}\n");
    try_all(habits, COUNT(habits));
}

// `aloft project clean` takes its list from a file that anybody can write, and removes files.
static void a_clean_removes_what_a_build_made_and_nothing_else(void **state)
{
    static const struct habit habits[] = {
        {0, "$A fullclean -B none", "there is no none: nothing to remove"},
        {0, "$A -C p fullclean && test ! -e p/build", "removed p/build"},
        {0, "$A clean -B p/own && cat p/own/mine && test ! -e p/own/boot", "other files stay"},
        {1, "$A clean -B p/own", "the list that `aloft build` writes, so it stays"},
        {1, "$A clean -B p; test -e p/keep || exit 9; false", "has no aloft-build.txt"},
        {1, "$A clean -B up", "names '../p/keep', which is not in the folder"},
        {1, "$A clean -B far", "names '/etc/hostname', which is not"},
        {1, "$A clean -B dots", "names 'a/../../p/keep', which is not"},
        {1, "$A clean -B way", "names 'link/keep', which is not"},
        {0, "cat p/keep way/a up/a", ""},
        {1, "$A clean -B key", "private key"},
    };
    (void)state;
    expect(0, "mkdir -p p/build/boot p/own/boot up far dots way key && echo k > p/keep && "
              "for d in build own; do printf 'boot/b.bin\na.bin\ngone.bin\n' > "
              "p/$d/aloft-build.txt && touch p/$d/boot/b.bin p/$d/a.bin; done && "
              "echo m > p/own/mine && ln -s ../p way/link && touch way/a up/a && "
              "printf 'a\n../p/keep\n' > up/aloft-build.txt && "
              "echo /etc/hostname > far/aloft-build.txt && "
              "echo a/../../p/keep > dots/aloft-build.txt && "
              "printf 'a\nlink/keep\n' > way/aloft-build.txt && "
              "$A keys create --type p256 -o key/k.pem && echo k.pem > key/aloft-build.txt");
    try_all(habits, COUNT(habits));
    expect(0, "rm -r p up far dots way key");
}

static void settings_are_told_with_the_file_that_counts(void **state)
{
    static const struct habit habits[] = {
        {0, "$A menuconfig", ". sets 0 options"},
        {0, "$A -C q menuconfig", "q sets 3 options; the others have ESP-IDF's defaults"},
        {0, "$A menuconfig -C q | grep -x 'CONFIG_A=\"two words\"  *sdkconfig.defaults.esp32'",
         "two"},
        {0, "$A menuconfig -C q | grep -x 'CONFIG_B=n  *sdkconfig'", "CONFIG_B"},
        {0, "$A menuconfig -C q | grep -x 'CONFIG_C=3  *sdkconfig.defaults'", "CONFIG_C"},
        {1, "$A menuconfig -C nowhere", "nowhere: No such file"},
    };
    (void)state;
    expect(0, "mkdir q && printf 'CONFIG_A=1\r\n# a word = two\nCONFIG_B=y\nCONFIG_C=3\n' "
              "> q/sdkconfig.defaults && echo 'CONFIG_A=\"two words\"' > "
              "q/sdkconfig.defaults.esp32 && echo '# CONFIG_B is not set' > q/sdkconfig");
    try_all(habits, COUNT(habits));
    expect(0, "rm -r q");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_old_word_finds_its_command),
        cmocka_unit_test(arguments_of_the_other_tool_mean_what_they_meant),
        cmocka_unit_test(a_misspelt_word_is_told_the_one_that_was_meant),
        cmocka_unit_test(files_are_merged_at_their_offsets),
        cmocka_unit_test(a_partition_is_told_from_a_file),
        cmocka_unit_test(a_build_folder_is_taken_by_its_list),
        cmocka_unit_test(a_size_is_told_against_the_slot),
        cmocka_unit_test(nvs_goes_to_csv_and_back),
        cmocka_unit_test(a_clean_removes_what_a_build_made_and_nothing_else),
        cmocka_unit_test(settings_are_told_with_the_file_that_counts),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
