// An update by URL, in ESP-IDF's steps:
//
//   begin: connect, headers  ->  BEGIN, or RESUME when a reset came between
//   perform: esp_ota_begin or esp_ota_resume, then a buffer at a time  ->  IN_PROGRESS  ->  SUCCESS
//   finish: esp_ota_end, esp_ota_set_boot_partition
//
// With partial_http_download each request fetches one range. A resumed download needs a 206: when
// the server answers with the whole file instead, the download starts over with it.
#include "compat/esp-idf/host/host.h"
#include "esp_heap_caps.h"
#include "esp_https_ota.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "hostlib/base/clock.h"
#include "hostlib/base/deadline.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *TAG = "esp_https_ota";

enum {
    HEADER = 1024, // holds header and descriptor of an image
    REQUEST_DEFAULT = 64 * 1024,
    RETRIES = 10,
    RANGE_TEXT = 48,
    REDIRECTS = 10,
    PARTIAL_CONTENT = 206,
    RATE_MS = 30000, // a server that sends less than RATE_BYTES in this time is given up
    RATE_BYTES = 1024,
    DESC_OFF = sizeof(esp_image_header_t) + sizeof(esp_image_segment_header_t),
};

ESP_EVENT_DEFINE_BASE(ESP_HTTPS_OTA_EVENT);

enum state { INIT, BEGIN, IN_PROGRESS, SUCCESS, RESUME };

struct update {
    enum state state;
    esp_ota_handle_t ota;
    const esp_partition_t *staging;
    const esp_partition_t *final;
    bool copy;
    esp_http_client_handle_t http;
    char *buf;
    int buf_size;
    int got;    // bytes of the image, written or in buf
    int length; // of the image; -1: not told
    int request_max;
    int auth_left;
    uint64_t window_ms; // when the count of window_got began
    int window_got;
    bool bulk;
    bool partial;
    decrypt_cb_t decrypt; // NULL: none
    void *decrypt_ctx;
    int enc_header;
};

static const char *const event_names[] = {
    "ESP_HTTPS_OTA_START",
    "ESP_HTTPS_OTA_CONNECTED",
    "ESP_HTTPS_OTA_GET_IMG_DESC",
    "ESP_HTTPS_OTA_VERIFY_CHIP_ID",
    "ESP_HTTPS_OTA_VERIFY_CHIP_REVISION",
    "ESP_HTTPS_OTA_DECRYPT_CB",
    "ESP_HTTPS_OTA_WRITE_FLASH",
    "ESP_HTTPS_OTA_UPDATE_BOOT_PARTITION",
    "ESP_HTTPS_OTA_FINISH",
    "ESP_HTTPS_OTA_ABORT",
};

static void tell(esp_https_ota_event_t id, const void *data, size_t size)
{
    if (esp_event_post(ESP_HTTPS_OTA_EVENT, (int32_t)id, data, size, portMAX_DELAY) != ESP_OK) {
        ESP_LOGE(TAG, "Failed to post https_ota event: %s", event_names[id]);
    }
}

// --- the connection

static bool is_redirect(int status)
{
    return status == HttpStatus_MovedPermanently || status == HttpStatus_Found ||
           status == HttpStatus_SeeOther || status == HttpStatus_TemporaryRedirect ||
           status == HttpStatus_PermanentRedirect;
}

static esp_err_t answer_challenge(struct update *update)
{
    if (update->auth_left == 0) {
        ESP_LOGE(TAG, "Reached max_authorization_retries (%d)", HttpStatus_Unauthorized);
        return ESP_FAIL;
    }
    update->auth_left--;
    esp_err_t err = esp_http_client_add_auth(update->http);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "Authorization Failed");
    }
    return err;
}

// What a status means for the update; ESP_OK for those that bring data or another request.
static esp_err_t judge_status(struct update *update, int status)
{
    if (is_redirect(status)) {
        esp_err_t err = esp_http_client_set_redirection(update->http);
        if (err != ESP_OK) {
            ESP_LOGE(TAG, "URL redirection Failed");
        }
        return err;
    }
    switch (status) {
    case HttpStatus_NotModified:
        ESP_LOGI(TAG, "OTA image not modified since last request (status code: %d)", status);
        return ESP_ERR_HTTP_NOT_MODIFIED;
    case HttpStatus_RangeNotSatisfiable:
        ESP_LOGI(TAG, "Requested range is incorrect (status code: %d)", status);
        return ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE;
    case HttpStatus_Unauthorized:
        return answer_challenge(update);
    case HttpStatus_NotFound:
    case HttpStatus_Forbidden:
        ESP_LOGE(TAG, "File not found(%d)", status);
        return ESP_FAIL;
    default:
        break;
    }
    if (status >= HttpStatus_BadRequest) {
        ESP_LOGE(TAG, "%s error (%d)", status < HttpStatus_InternalError ? "Client" : "Server",
                 status);
        return ESP_FAIL;
    }
    return ESP_OK;
}

static esp_err_t send_post(struct update *update)
{
    char *data = NULL;
    int len = esp_http_client_get_post_field(update->http, &data);
    esp_err_t err = esp_http_client_open(update->http, len);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "Failed to open HTTP connection: %s", esp_err_to_name(err));
        return err;
    }
    if (len > 0 && esp_http_client_write(update->http, data, len) < len) {
        ESP_LOGE(TAG, "Write failed");
        return ESP_FAIL;
    }
    return ESP_OK;
}

static esp_err_t connect_server(struct update *update)
{
    int redirects = 0;
    bool again;
    esp_err_t err;
    do {
        err = send_post(update);
        if (err != ESP_OK) {
            return err;
        }
        int64_t length = esp_http_client_fetch_headers(update->http);
        if (length < 0) {
            return (esp_err_t)length;
        }
        int status = esp_http_client_get_status_code(update->http);
        again = is_redirect(status) || status == HttpStatus_Unauthorized;
        err = judge_status(update, status);
        if (err == ESP_OK && is_redirect(status) && ++redirects > REDIRECTS) {
            ESP_LOGE(TAG, "More than %d redirections", REDIRECTS);
            err = ESP_ERR_HTTP_MAX_REDIRECT;
        }
        if (err == ESP_OK && again && !esp_http_client_is_complete_data_received(update->http)) {
            (void)esp_http_client_close(update->http); // the rest of its body is not read
        }
    } while (err == ESP_OK && again);
    return err;
}

static void set_range(struct update *update, int from, int to) // to < 0: to the end
{
    char text[RANGE_TEXT];
    if (to < 0) {
        (void)snprintf(text, sizeof text, "bytes=%d-", from);
    } else {
        (void)snprintf(text, sizeof text, "bytes=%d-%d", from, to);
    }
    (void)esp_http_client_set_header(update->http, "Range", text);
}

// Asks for the image's length by a HEAD, and sets the first range.
static esp_err_t prepare_ranges(struct update *update)
{
    (void)esp_http_client_set_method(update->http, HTTP_METHOD_HEAD);
    esp_err_t err = esp_http_client_perform(update->http);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "ESP HTTP client perform failed: %d", err);
        return err;
    }
    int status = esp_http_client_get_status_code(update->http);
    if (status != HttpStatus_Ok) {
        ESP_LOGE(TAG, "Received incorrect http status %d", status);
        return ESP_FAIL;
    }
    update->length = (int)esp_http_client_get_content_length(update->http) - update->enc_header;
    (void)esp_http_client_close(update->http);
    int from = update->got;
    int to = update->length > update->request_max + from ? from + update->request_max - 1
                                                         : update->length;
    if (to - from < update->length) {
        set_range(update, from, to);
    }
    (void)esp_http_client_set_method(update->http, HTTP_METHOD_GET);
    return ESP_OK;
}

// Starts again at byte 0, because the part in flash cannot be continued.
static esp_err_t start_over(struct update *update)
{
    ESP_LOGI(TAG, "Restarting download from beginning");
    update->got = 0;
    (void)esp_http_client_close(update->http);
    (void)esp_http_client_delete_header(update->http, "Range");
    if (update->partial && update->length > update->request_max) {
        set_range(update, 0, update->request_max - 1);
    }
    return connect_server(update);
}

static esp_err_t open_download(struct update *update)
{
    esp_err_t err = ESP_OK;
    if (update->partial) {
        err = prepare_ranges(update);
    } else if (update->got > 0) {
        set_range(update, update->got, -1);
    }
    if (err != ESP_OK) {
        return err;
    }
    err = connect_server(update);
    bool ignored = err == ESP_OK && update->got > 0 &&
                   esp_http_client_get_status_code(update->http) != PARTIAL_CONTENT;
    if (ignored) {
        ESP_LOGW(TAG, "Server ignored the requested Range header");
    }
    if (ignored || (err == ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE && update->got > 0)) {
        err = start_over(update);
    }
    if (err != ESP_OK && err != ESP_ERR_HTTP_NOT_MODIFIED) {
        ESP_LOGE(TAG, "Failed to establish HTTP connection");
    }
    return err;
}

// --- begin

static bool has_trust(const esp_http_client_config_t *http)
{
    return http->cert_pem != NULL || http->use_global_ca_store || http->crt_bundle_attach != NULL;
}

static esp_err_t check_config(const esp_https_ota_config_t *config, esp_https_ota_handle_t *handle)
{
    if (handle == NULL || config == NULL || config->http_config == NULL) {
        ESP_LOGE(TAG, "esp_https_ota_begin: Invalid argument");
        return ESP_ERR_INVALID_ARG;
    }
    if (!has_trust(config->http_config) && !aloft_idf_config.allow_http) {
        ESP_LOGE(TAG, "No option for server verification is enabled in esp_http_client config.");
        return ESP_ERR_INVALID_ARG;
    }
    if (!has_trust(config->http_config)) {
        ESP_LOGW(TAG, "Continuing with insecure option because CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP is "
                      "set.");
    }
    if (aloft_idf_config.decrypt && config->decrypt_cb == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    return aloft_idf_config.decrypt && config->ota_resumption ? ESP_ERR_NOT_SUPPORTED : ESP_OK;
}

static void take_config(struct update *update, const esp_https_ota_config_t *config)
{
    int retries = config->http_config->max_authorization_retries;
    update->partial = config->partial_http_download;
    update->bulk = config->bulk_flash_erase;
    update->request_max =
        config->max_http_request_size == 0 ? REQUEST_DEFAULT : config->max_http_request_size;
    update->auth_left = retries == 0 ? RETRIES : retries < 0 ? 0 : retries;
    if (aloft_idf_config.decrypt) {
        update->decrypt = config->decrypt_cb;
        update->decrypt_ctx = config->decrypt_user_ctx;
        update->enc_header = config->enc_img_header_size;
    }
    if (config->ota_resumption && config->ota_image_bytes_written >= HEADER) {
        ESP_LOGI(TAG, "Valid OTA resumption case, offset %d", (int)config->ota_image_bytes_written);
        update->got = (int)config->ota_image_bytes_written;
    }
}

static esp_err_t choose_partitions(struct update *update, const esp_https_ota_config_t *config)
{
    ESP_LOGI(TAG, "Starting OTA...");
    update->staging = config->partition.staging != NULL
                          ? esp_partition_verify(config->partition.staging)
                          : esp_ota_get_next_update_partition(NULL);
    if (update->staging == NULL) {
        ESP_LOGE(TAG, "Given staging partition or another suitable Passive OTA partition could not "
                      "be found");
        return ESP_FAIL;
    }
    ESP_LOGI(TAG, "Writing to <%s> partition at offset 0x%" PRIx32, update->staging->label,
             update->staging->address);
    update->final = update->staging;
    if (config->partition.final != NULL && config->partition.final != config->partition.staging) {
        update->final = esp_partition_verify(config->partition.final);
        update->copy = config->partition.finalize_with_copy;
    }
    if (update->final == NULL) {
        ESP_LOGE(TAG, "Given final partition not found");
        return ESP_FAIL;
    }
    return ESP_OK;
}

static esp_err_t prepare(struct update *update, const esp_https_ota_config_t *config)
{
    update->http = esp_http_client_init(config->http_config);
    if (update->http == NULL) {
        ESP_LOGE(TAG, "Failed to initialise HTTP connection");
        return ESP_FAIL;
    }
    esp_err_t err =
        config->http_client_init_cb == NULL ? ESP_OK : config->http_client_init_cb(update->http);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "http_client_init_cb returned 0x%x", (unsigned)err);
        return err;
    }
    err = open_download(update);
    if (err != ESP_OK) {
        return err;
    }
    tell(ESP_HTTPS_OTA_CONNECTED, NULL, 0);
    if (!update->partial) {
        update->length = (int)esp_http_client_get_content_length(update->http) - update->enc_header;
    }
    err = choose_partitions(update, config);
    if (err != ESP_OK) {
        return err;
    }
    update->buf_size =
        config->http_config->buffer_size > HEADER ? config->http_config->buffer_size : HEADER;
    update->buf = heap_caps_malloc((size_t)update->buf_size, config->buffer_caps);
    return update->buf != NULL ? ESP_OK : ESP_ERR_NO_MEM;
}

static void release(struct update *update)
{
    free(update->buf);
    if (update->http != NULL) {
        (void)esp_http_client_cleanup(update->http);
    }
    free(update);
}

esp_err_t esp_https_ota_begin(const esp_https_ota_config_t *ota_config,
                              esp_https_ota_handle_t *handle)
{
    tell(ESP_HTTPS_OTA_START, NULL, 0);
    if (handle != NULL) {
        *handle = NULL;
    }
    esp_err_t err = check_config(ota_config, handle);
    if (err != ESP_OK) {
        return err;
    }
    struct update *update = calloc(1, sizeof *update);
    if (update == NULL) {
        ESP_LOGE(TAG, "Couldn't allocate memory to upgrade data buffer");
        return ESP_ERR_NO_MEM;
    }
    take_config(update, ota_config);
    err = prepare(update, ota_config);
    if (err != ESP_OK) {
        release(update);
        return err;
    }
    update->state = update->got > 0 ? RESUME : BEGIN;
    *handle = update;
    return ESP_OK;
}

// --- the image's head

static esp_err_t read_header(struct update *update)
{
    struct aloft_deadline deadline = aloft_deadline_in(RATE_MS);
    int got = 0;
    int n = 1;
    int left_ms;
    while (got < HEADER && n > 0 && aloft_deadline_turn(&deadline, &left_ms)) {
        n = esp_http_client_read(update->http, update->buf + got, HEADER - got);
        got += n > 0 ? n : 0;
    }
    if (n < 0) {
        const char *what =
            n == -ESP_ERR_HTTP_EAGAIN ? "The server has fallen silent" : "Connection closed";
        ESP_LOGE(TAG, "%s, errno = %d", what, errno);
    }
    if (got < HEADER) {
        ESP_LOGE(TAG, "Complete headers were not received");
        return ESP_FAIL;
    }
    update->got = got;
    return ESP_OK;
}

// Reads the descriptor, size bytes: from flash when it is there, else from the connection.
static esp_err_t read_desc(struct update *update, void *desc, int size)
{
    bool resumed = update->state != BEGIN && update->got >= DESC_OFF + size;
    if (resumed) {
        return esp_partition_read(update->staging, DESC_OFF, desc, (size_t)size);
    }
    if (update->got < DESC_OFF + size) {
        esp_err_t err = read_header(update);
        if (err != ESP_OK) {
            return err;
        }
    }
    memcpy(desc, update->buf + DESC_OFF, (size_t)size);
    return ESP_OK;
}

static esp_err_t check_handle(const struct update *update, const void *out)
{
    tell(ESP_HTTPS_OTA_GET_IMG_DESC, NULL, 0);
    if (aloft_idf_config.decrypt) {
        return ESP_ERR_NOT_SUPPORTED; // only the callback knows what is in it
    }
    if (update == NULL || out == NULL) {
        ESP_LOGE(TAG, "esp_https_ota_get_img_desc: Invalid argument");
        return ESP_ERR_INVALID_ARG;
    }
    return update->state < BEGIN ? ESP_ERR_INVALID_STATE : ESP_OK;
}

esp_err_t esp_https_ota_get_img_desc(esp_https_ota_handle_t https_ota_handle,
                                     esp_app_desc_t *new_app_info)
{
    esp_err_t err = check_handle(https_ota_handle, new_app_info);
    if (err == ESP_OK) {
        err = read_desc(https_ota_handle, new_app_info, sizeof *new_app_info);
    }
    if (err == ESP_OK && new_app_info->magic_word != ESP_APP_DESC_MAGIC_WORD) {
        ESP_LOGE(TAG, "Incorrect app descriptor magic");
        err = ESP_FAIL;
    }
    return err;
}

esp_err_t esp_https_ota_get_bootloader_img_desc(esp_https_ota_handle_t https_ota_handle,
                                                esp_bootloader_desc_t *new_img_info)
{
    esp_err_t err = check_handle(https_ota_handle, new_img_info);
    if (err == ESP_OK) {
        err = read_desc(https_ota_handle, new_img_info, sizeof *new_img_info);
    }
    if (err == ESP_OK && new_img_info->magic_byte != ESP_BOOTLOADER_DESC_MAGIC_BYTE) {
        ESP_LOGE(TAG, "Incorrect bootloader descriptor magic");
        err = ESP_FAIL;
    }
    return err;
}

// --- perform

// Writes the received bytes, decrypted where needed. IN_PROGRESS when that succeeded.
static esp_err_t write_piece(struct update *update, const char *data, size_t len)
{
    esp_err_t err = esp_ota_write(update->ota, data, len);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "Error: esp_ota_write failed! err=0x%x", (unsigned)err);
    } else {
        update->got += (int)len;
        err = ESP_ERR_HTTPS_OTA_IN_PROGRESS;
    }
    tell(ESP_HTTPS_OTA_WRITE_FLASH, &update->got, sizeof update->got);
    return err;
}

static esp_err_t check_chip(const char *data)
{
    esp_image_header_t header;
    const struct aloft_image_rules *rules = &aloft_idf_host.rules;
    memcpy(&header, data, sizeof header);
    esp_chip_id_t chip = header.chip_id;
    uint16_t min = header.min_chip_rev_full;
    uint16_t max = header.max_chip_rev_full;
    tell(ESP_HTTPS_OTA_VERIFY_CHIP_ID, &chip, sizeof chip);
    if ((unsigned)chip != rules->chip->id) {
        ESP_LOGE(TAG, "Mismatch chip id, expected %d, found %d", rules->chip->id, (int)chip);
        return ESP_ERR_INVALID_VERSION;
    }
    tell(ESP_HTTPS_OTA_VERIFY_CHIP_REVISION, &min, sizeof min);
    bool limited = max != 0 && max != UINT16_MAX;
    if (min > rules->chip_revision || (limited && max < rules->chip_revision)) {
        ESP_LOGE(TAG, "chip revision check failed. Required >= v%d.%d, found v%d.%d.", min / 100,
                 min % 100, rules->chip_revision / 100, rules->chip_revision % 100);
        return ESP_ERR_INVALID_VERSION;
    }
    return ESP_OK;
}

// Handles received data: decrypts it, judges the head, writes it.
static esp_err_t pass_on(struct update *update, size_t len, bool head)
{
    decrypt_cb_arg_t args = {.data_in = update->buf, .data_in_len = len};
    const char *data = update->buf;
    if (update->decrypt != NULL) {
        tell(ESP_HTTPS_OTA_DECRYPT_CB, NULL, 0);
        esp_err_t err = update->decrypt(&args, update->decrypt_ctx);
        if (err != ESP_OK || (head && args.data_out_len == 0)) {
            ESP_LOGE(TAG, "%s failed", head ? "Decryption of image header" : "Decrypt callback");
            return head ? ESP_FAIL : err;
        }
        if (args.data_out_len == 0) {
            return ESP_ERR_HTTPS_OTA_IN_PROGRESS; // the callback needs more bytes
        }
        data = args.data_out;
        len = args.data_out_len;
    }
    bool image = update->final->type == ESP_PARTITION_TYPE_APP ||
                 update->final->type == ESP_PARTITION_TYPE_BOOTLOADER;
    esp_err_t err = head && image && len >= sizeof(esp_image_header_t) ? check_chip(data) : ESP_OK;
    if (err == ESP_OK) {
        err = write_piece(update, data, len);
    }
    free(args.data_out);
    return err;
}

static size_t erase_size(const struct update *update)
{
    if (!update->bulk) {
        return OTA_WITH_SEQUENTIAL_WRITES;
    }
    return update->length > 0 ? (size_t)update->length : OTA_SIZE_UNKNOWN;
}

static esp_err_t start_image(struct update *update)
{
    esp_err_t err = esp_ota_begin(update->staging, erase_size(update), &update->ota);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "esp_ota_begin failed (%s)", esp_err_to_name(err));
        return err;
    }
    (void)esp_ota_set_final_partition(update->ota, update->final, update->copy);
    update->state = IN_PROGRESS;
    if (update->got == 0) { // else esp_https_ota_get_img_desc has read it
        err = read_header(update);
        if (err != ESP_OK) {
            return err;
        }
    }
    size_t len = (size_t)update->got;
    update->got = 0; // written counts
    return pass_on(update, len, true);
}

static esp_err_t resume_image(struct update *update)
{
    esp_err_t err =
        esp_ota_resume(update->staging, erase_size(update), (size_t)update->got, &update->ota);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "esp_ota_resume failed (%s)", esp_err_to_name(err));
        return err;
    }
    (void)esp_ota_set_final_partition(update->ota, update->final, update->copy);
    update->state = IN_PROGRESS;
    return ESP_ERR_HTTPS_OTA_IN_PROGRESS;
}

static esp_err_t next_range(struct update *update)
{
    int from = update->got + update->enc_header;
    bool last = update->length - update->got <= update->request_max;
    (void)esp_http_client_close(update->http);
    set_range(update, from, last ? -1 : from + update->request_max - 1);
    if (connect_server(update) != ESP_OK) {
        ESP_LOGE(TAG, "Failed to establish HTTP connection");
        return ESP_FAIL;
    }
    return ESP_ERR_HTTPS_OTA_IN_PROGRESS;
}

// False: the server sends more slowly than the least rate.
static bool is_fast_enough(struct update *update, int n)
{
    uint64_t now = aloft_clock_ms();
    update->window_got += n;
    if (update->window_ms != 0 && now - update->window_ms < RATE_MS) {
        return true;
    }
    bool enough = update->window_ms == 0 || update->window_got >= RATE_BYTES;
    update->window_ms = now;
    update->window_got = 0;
    return enough;
}

static esp_err_t go_on(struct update *update)
{
    int n = esp_http_client_read(update->http, update->buf, update->buf_size);
    if (n == -ESP_ERR_HTTP_EAGAIN || (n > 0 && !is_fast_enough(update, n))) {
        ESP_LOGE(TAG, "The server %s", n > 0 ? "is too slow" : "has fallen silent");
        return ESP_FAIL;
    }
    if (n > 0) {
        return pass_on(update, (size_t)n, false);
    }
    if (n < 0) {
        ESP_LOGE(TAG, "data read %d, errno %d", n, errno);
        return ESP_FAIL;
    }
    if (!esp_http_client_is_complete_data_received(update->http)) {
        ESP_LOGE(TAG, "Connection closed before complete data was received!");
        return ESP_FAIL;
    }
    if (update->partial && update->length > update->got) {
        return next_range(update);
    }
    if (!update->partial || update->length == update->got) {
        update->state = SUCCESS;
    }
    return ESP_OK;
}

esp_err_t esp_https_ota_perform(esp_https_ota_handle_t https_ota_handle)
{
    struct update *update = https_ota_handle;
    if (update == NULL) {
        ESP_LOGE(TAG, "esp_https_ota_perform: Invalid argument");
        return ESP_ERR_INVALID_ARG;
    }
    switch (update->state) {
    case BEGIN:
        return start_image(update);
    case RESUME:
        return resume_image(update);
    case IN_PROGRESS:
        return go_on(update);
    default:
        ESP_LOGE(TAG, "Invalid ESP HTTPS OTA State");
        return ESP_FAIL;
    }
}

bool esp_https_ota_is_complete_data_received(esp_https_ota_handle_t https_ota_handle)
{
    const struct update *update = https_ota_handle;
    return update->partial ? update->length == update->got
                           : esp_http_client_is_complete_data_received(update->http);
}

// --- the end

esp_err_t esp_https_ota_finish(esp_https_ota_handle_t https_ota_handle)
{
    struct update *update = https_ota_handle;
    if (update == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    bool writing = update->state == SUCCESS || update->state == IN_PROGRESS;
    esp_err_t err = writing ? esp_ota_end(update->ota) : ESP_OK;
    const esp_partition_t *final = update->final;
    bool is_app = final->type == ESP_PARTITION_TYPE_APP;
    if (is_app && err == ESP_OK && update->state == SUCCESS) {
        esp_partition_subtype_t subtype = final->subtype;
        bool is_ota = subtype >= ESP_PARTITION_SUBTYPE_APP_OTA_0 &&
                      subtype < ESP_PARTITION_SUBTYPE_APP_OTA_MAX;
        err = is_ota ? esp_ota_set_boot_partition(update->staging) : ESP_OK;
        if (err != ESP_OK) {
            ESP_LOGE(TAG, "esp_ota_set_boot_partition failed! err=0x%x", (unsigned)err);
        } else {
            tell(ESP_HTTPS_OTA_UPDATE_BOOT_PARTITION, &subtype, sizeof subtype);
        }
    }
    release(update);
    tell(ESP_HTTPS_OTA_FINISH, NULL, 0);
    return err;
}

esp_err_t esp_https_ota_abort(esp_https_ota_handle_t https_ota_handle)
{
    struct update *update = https_ota_handle;
    tell(ESP_HTTPS_OTA_ABORT, NULL, 0);
    if (update == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    bool writing = update->state == SUCCESS || update->state == IN_PROGRESS;
    esp_err_t err = writing ? esp_ota_abort(update->ota) : ESP_OK;
    release(update);
    return err;
}

int esp_https_ota_get_status_code(esp_https_ota_handle_t https_ota_handle)
{
    const struct update *update = https_ota_handle;
    return update == NULL ? -1 : esp_http_client_get_status_code(update->http);
}

int esp_https_ota_get_image_len_read(esp_https_ota_handle_t https_ota_handle)
{
    const struct update *update = https_ota_handle;
    return update == NULL || update->state < IN_PROGRESS ? -1 : update->got;
}

int esp_https_ota_get_image_size(esp_https_ota_handle_t https_ota_handle)
{
    const struct update *update = https_ota_handle;
    return update == NULL || update->state < BEGIN ? -1 : update->length;
}

#undef esp_https_ota // the function itself

esp_err_t esp_https_ota_of_client(const esp_http_client_config_t *config)
{
    const esp_https_ota_config_t ota_config = {.http_config = config};
    return esp_https_ota(&ota_config);
}

esp_err_t esp_https_ota(const esp_https_ota_config_t *ota_config)
{
    esp_https_ota_handle_t handle = NULL;
    if (ota_config == NULL || ota_config->http_config == NULL) {
        ESP_LOGE(TAG, "esp_https_ota: Invalid argument");
        return ESP_ERR_INVALID_ARG;
    }
    if (ota_config->ota_resumption) {
        ESP_LOGE(TAG, "OTA resumption is not supported in esp_https_ota API");
        return ESP_ERR_NOT_SUPPORTED;
    }
    esp_err_t err = esp_https_ota_begin(ota_config, &handle);
    if (err != ESP_OK) {
        return err;
    }
    do {
        err = esp_https_ota_perform(handle);
    } while (err == ESP_ERR_HTTPS_OTA_IN_PROGRESS);
    if (err != ESP_OK) {
        (void)esp_https_ota_abort(handle);
        return err;
    }
    return esp_https_ota_finish(handle);
}
