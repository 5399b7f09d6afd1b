# Completion of aloft for bash, made by tools/manual.
_aloft_table() {
    words= files= values=
    case $1 in
    'aloft') words='parts image keys sign verify encrypt decrypt otadata nvs secret efuse board build project serve push control flash erase-flash read-flash verify-flash monitor chip-info chip-parts chip-mem chip-boot --help' ;;
    'aloft parts') words='build show check list read write erase --help' ;;
    'aloft parts build')
        words='--output --template --offset --flash-size --no-md5 --bootloader-offset --recovery-offset --extra-partition-subtypes --help' files=yes
        values='--bootloader-offset|--extra-partition-subtypes|--flash-size|--offset|--output|-o|--recovery-offset|--template|-t'
        ;;
    'aloft parts show')
        words='--json --csv --template --offset --flash-size --bootloader-offset --recovery-offset --extra-partition-subtypes --help' files=yes
        values='--bootloader-offset|--extra-partition-subtypes|--flash-size|--offset|--recovery-offset|--template|-t'
        ;;
    'aloft parts check')
        words='--template --offset --flash-size --bootloader-offset --recovery-offset --extra-partition-subtypes --help' files=yes
        values='--bootloader-offset|--extra-partition-subtypes|--flash-size|--offset|--recovery-offset|--template|-t'
        ;;
    'aloft parts list')
        words='--json --help' files=
        values=''
        ;;
    'aloft parts read')
        words='--output --offset --help' files=yes
        values='--offset|--output|-o'
        ;;
    'aloft parts write')
        words='--offset --help' files=yes
        values='--offset'
        ;;
    'aloft parts erase')
        words='--offset --help' files=yes
        values='--offset'
        ;;
    'aloft image') words='info verify size merge build --help' ;;
    'aloft image info')
        words='--json --slot --offset --help' files=yes
        values='--offset|--slot'
        ;;
    'aloft image verify')
        words='--chip --chip-revision --max-size --native --json --slot --offset --help' files=yes
        values='--chip|--chip-revision|--max-size|--offset|--slot'
        ;;
    'aloft image size')
        words='--table --template --slot-size --slot --json --help' files=yes
        values='--slot|--slot-size|--table|--template|-t'
        ;;
    'aloft image merge')
        words='--output --fill --target-offset --flash-mode --flash-freq --header-size --format --chip --help' files=yes
        values='--chip|--fill|--flash-freq|--flash-mode|--format|--header-size|--output|-o|--target-offset'
        ;;
    'aloft image build')
        words='--output --project --version --secure-version --date --time --set --set-file --bootloader --offset --no-desc --help' files=
        values='--date|--offset|--output|-o|--project|--secure-version|--set|--set-file|--time|--version'
        ;;
    'aloft keys') words='create show public digest --help' ;;
    'aloft keys create')
        words='--type --output --json --help' files=
        values='--output|-o|--type'
        ;;
    'aloft keys show')
        words='--json --help' files=yes
        values=''
        ;;
    'aloft keys public')
        words='--output --help' files=yes
        values='--output|-o'
        ;;
    'aloft keys digest')
        words='--output --json --help' files=yes
        values='--output|-o'
        ;;
    'aloft sign')
        words='--key --output --append --replace --plain --digest-out --public-key --signature --help' files=
        values='--digest-out|--key|--output|-o|--public-key|--signature'
        ;;
    'aloft verify')
        words='--key --digest --plain --json --help' files=yes
        values='--digest|--key'
        ;;
    'aloft encrypt')
        words='--key --output --help' files=
        values='--key|-k|--output|-o'
        ;;
    'aloft decrypt')
        words='--key --output --help' files=
        values='--key|-k|--output|-o'
        ;;
    'aloft otadata') words='show switch erase --help' ;;
    'aloft otadata show')
        words='--json --slots --no-trials --offset --help' files=yes
        values='--offset|--slots'
        ;;
    'aloft otadata switch')
        words='--trial --force --offset --help' files=yes
        values='--offset'
        ;;
    'aloft otadata erase')
        words='--offset --help' files=yes
        values='--offset'
        ;;
    'aloft nvs') words='show get set erase build export --help' ;;
    'aloft nvs show')
        words='--json --partition --offset --help' files=yes
        values='--offset|--partition'
        ;;
    'aloft nvs get')
        words='--partition --offset --help' files=yes
        values='--offset|--partition'
        ;;
    'aloft nvs set')
        words='--type --create --partition --offset --help' files=yes
        values='--create|--offset|--partition|--type'
        ;;
    'aloft nvs erase')
        words='--partition --offset --help' files=yes
        values='--offset|--partition'
        ;;
    'aloft nvs build')
        words='--output --size --folder --format --help' files=yes
        values='--folder|--format|--output|-o|--size|-s'
        ;;
    'aloft nvs export')
        words='--output --secrets --partition --offset --help' files=yes
        values='--offset|--output|-o|--partition'
        ;;
    'aloft secret') words='set list clear --help' ;;
    'aloft secret set')
        words='--password-file --generate --name --mac --key-file --generation --create --partition --offset --help' files=yes
        values='--create|--generate|--generation|--key-file|--mac|--name|--offset|--partition|--password-file'
        ;;
    'aloft secret list')
        words='--json --partition --offset --help' files=yes
        values='--offset|--partition'
        ;;
    'aloft secret clear')
        words='--partition --offset --help' files=yes
        values='--offset|--partition'
        ;;
    'aloft efuse') words='show burn-key burn-key-file revoke enable-secure-boot burn-secure-version --help' ;;
    'aloft efuse show')
        words='--json --help' files=yes
        values=''
        ;;
    'aloft efuse burn-key')
        words='--slot --yes --help' files=yes
        values='--slot'
        ;;
    'aloft efuse burn-key-file')
        words='--slot --purpose --yes --help' files=yes
        values='--purpose|--slot'
        ;;
    'aloft efuse revoke')
        words='--yes --force --help' files=yes
        values=''
        ;;
    'aloft efuse enable-secure-boot')
        words='--revoke-empty --yes --force --help' files=yes
        values=''
        ;;
    'aloft efuse burn-secure-version')
        words='--yes --help' files=yes
        values=''
        ;;
    'aloft board') words='create write erase run power-cycle reset info settings --help' ;;
    'aloft board create')
        words='--size --table --encrypted --key --force --help' files=yes
        values='--key|-k|--size|--table|-t'
        ;;
    'aloft board write')
        words=' --help' files=yes
        values=''
        ;;
    'aloft board erase')
        words=' --help' files=yes
        values=''
        ;;
    'aloft board run')
        words='--until --timeout --resets --fast --no-trials --cut --seed --offset --serial --gdb --elf --download --help' files=yes
        values='--cut|--elf|--offset|--resets|--seed|--serial|--timeout|-t|--until|-u'
        ;;
    'aloft board power-cycle')
        words=' --help' files=yes
        values=''
        ;;
    'aloft board reset')
        words=' --help' files=yes
        values=''
        ;;
    'aloft board info')
        words='--json --offset --no-trials --help' files=yes
        values='--offset'
        ;;
    'aloft board settings')
        words='--json --help' files=
        values=''
        ;;
    'aloft build')
        words='--build-dir --define --help' files=
        values='--build-dir|-B|--define|-D'
        ;;
    'aloft project') words='clean target settings --help' ;;
    'aloft project clean')
        words='--build-dir --help' files=
        values='--build-dir|-B'
        ;;
    'aloft project target')
        words=' --help' files=
        values=''
        ;;
    'aloft project settings')
        words=' --help' files=
        values=''
        ;;
    'aloft serve')
        words='--port --bind --limit-rate --cert --key --help' files=
        values='--bind|-b|--cert|--key|--limit-rate|--port|-p'
        ;;
    'aloft push')
        words='--password --password-file --filesystem --host-port --timeout --json --help' files=yes
        values='--host-port|-P|--password-file|--password|-a|--timeout|-t'
        ;;
    'aloft control')
        words='--user --password --password-file --token --token-file --timeout --json --help' files=
        values='--password-file|--password|-a|--timeout|--token|--token-file|--user|-u'
        ;;
    'aloft flash')
        words='--port --baud --chip --before --after --flash-size --table --app --only --offset --flash-key --flash-mode --flash-freq --header-size --erase-all --plain --encrypt --monitor --until --timeout --force --help' files=yes
        values='--after|--app|--baud|-b|--before|--chip|--flash-freq|--flash-key|--flash-mode|--flash-size|--header-size|--offset|--only|--port|-p|--table|--timeout|-t|--until|-u'
        ;;
    'aloft erase-flash')
        words='--port --baud --chip --before --after --flash-size --offset --help' files=
        values='--after|--baud|-b|--before|--chip|--flash-size|--offset|--port|-p'
        ;;
    'aloft read-flash')
        words='--port --baud --chip --before --after --flash-size --flash-key --offset --output --help' files=
        values='--after|--baud|-b|--before|--chip|--flash-key|--flash-size|--offset|--output|-o|--port|-p'
        ;;
    'aloft verify-flash')
        words='--port --baud --chip --before --after --flash-size --flash-key --help' files=yes
        values='--after|--baud|-b|--before|--chip|--flash-key|--flash-size|--port|-p'
        ;;
    'aloft monitor')
        words='--port --baud --reset --until --timeout --help' files=
        values='--baud|-b|--port|-p|--timeout|-t|--until|-u'
        ;;
    'aloft chip-info')
        words='--port --baud --chip --before --after --flash-size --flash-status --json --help' files=
        values='--after|--baud|-b|--before|--chip|--flash-size|--port|-p'
        ;;
    'aloft chip-parts')
        words='--port --baud --chip --before --after --flash-size --flash-key --offset --table --json --help' files=
        values='--after|--baud|-b|--before|--chip|--flash-key|--flash-size|--offset|--port|-p|--table'
        ;;
    'aloft chip-mem')
        words='--port --baud --chip --before --after --flash-size --output --write --mask --help' files=
        values='--after|--baud|-b|--before|--chip|--flash-size|--mask|--output|-o|--port|-p|--write'
        ;;
    'aloft chip-boot')
        words='--port --baud --chip --before --after --flash-size --flash-key --trial --offset --json --help' files=
        values='--after|--baud|-b|--before|--chip|--flash-key|--flash-size|--offset|--port|-p'
        ;;
    esac
}

_aloft() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local command=aloft words files values i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case $command in
        'aloft board'|'aloft efuse'|'aloft image'|'aloft keys'|'aloft nvs'|'aloft otadata'|'aloft parts'|'aloft project'|'aloft secret'|'aloft') command="$command ${COMP_WORDS[i]}" ;;
        *) break ;;
        esac
    done
    _aloft_table "$command"
    COMPREPLY=()
    if [[ -n $values && "|$values|" == *"|$before|"* ]]; then
        compopt -o default
    elif [[ $current == -* || -z $files ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    else
        compopt -o default
    fi
}
complete -F _aloft aloft
