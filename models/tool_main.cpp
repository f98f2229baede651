// menshen-models: fetches, checks, converts and lists the model files.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "models/cache.hpp"
#include "models/convert.hpp"
#include "models/fetch.hpp"

namespace {

using namespace menshen;
using namespace menshen::models;

void say(const std::string& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
}

int complain(const Error& error) {
    fmt::print(stderr, "menshen-models: {}\n", error.message);
    return 1;
}

int run_convert(const std::string& dir) {
    for (const auto& model : manifest().models) {
        const auto converted = convert_in_cache(dir, model);
        if (!converted) return complain(converted.error());
        if (*converted) say(fmt::format("{}: made from {}, sha256 {}", model.converted.file, model.file, model.converted.sha256));
    }
    return 0;
}

int run_fetch(const FetchRequest& request) {
    for (const auto& name : request.accepted)
        if (manifest().model(name) == nullptr)
            return complain({fmt::format("there is no model \"{}\"; see: menshen-models list", name)});
    if (auto ok = fetch(manifest(), request); !ok) return complain(ok.error());
    if (const int status = run_convert(request.dir); status != 0) return status;
    say(fmt::format("all models are in {}", request.dir));
    return 0;
}

/// Checks every file and says what is wrong with all of them, not only the first.
int run_verify(const std::string& dir) {
    int wrong = 0;
    const auto check = [&](const std::string& file, const Expected& expected, std::string_view remedy) {
        if (auto ok = verify_file(dir + "/" + file, expected, remedy); !ok) {
            ++wrong;
            complain(ok.error());
        } else {
            say(fmt::format("ok  {}  {}", expected.sha256, file));
        }
    };
    for (const auto& model : manifest().models) {
        if (model.optional && !std::filesystem::exists(dir + "/" + model.file)) {
            say(fmt::format("--  not fetched, and done without: {}", model.file));
            continue;
        }
        check(model.file, {model.sha256, model.bytes}, "run: menshen-models fetch");
        if (!model.converted.file.empty())
            check(model.converted.file, {model.converted.sha256, model.converted.bytes}, "run: menshen-models convert");
    }
    return wrong == 0 ? 0 : 1;
}

int run_list(const std::string& dir) {
    for (const auto& model : manifest().models) {
        const bool here = std::filesystem::exists(dir + "/" + model.file);
        fmt::print(
            "{}  ({}, {})\n  file      {}\n  sha256    {}\n  size      {} bytes\n  licence   {}\n  source    {}\n  used for  "
            "{}\n",
            model.name, model.role, here ? "in the cache" : "not fetched", model.file, model.sha256, model.bytes, model.licence,
            model.source, model.used_for);
        if (!model.notice.empty()) fmt::print("  notice    {}\n", model.notice);
        if (!model.converted.file.empty())
            fmt::print("  run as    {}, sha256 {}\n", model.converted.file, model.converted.sha256);
    }
    for (const auto& photos : manifest().photos)
        fmt::print("photos/{}  ({}, {})\n  pictures  {}\n  licence   {}\n", photos.name, "demo and tests",
                   photos_are_complete(dir, photos) ? "in the cache" : "not fetched", photos.pictures, photos.licence);
    return 0;
}

int run_photos(const std::string& dir) {
    for (const auto& photos : manifest().photos)
        if (!photos_are_complete(dir, photos))
            return complain({fmt::format("the photographs \"{}\" are not all there; run: menshen-models fetch", photos.name)});
    say(photos_dir(dir));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Fetches, checks, converts and lists the face models of Menshen.", "menshen-models"};
    app.require_subcommand(1);
    FetchRequest request;
    request.dir = models_dir();
    request.say = say;
    app.add_option("--dir", request.dir, "Folder of the models; default $MENSHEN_MODELS, else ~/.cache/menshen")
        ->capture_default_str();
    auto* fetch_command = app.add_subcommand("fetch", "Fetch what is missing, check it, convert it");
    fetch_command->add_option("--from", request.from, "Take the files from this folder instead of the network");
    bool no_photos = false;
    fetch_command->add_flag("--no-photos", no_photos, "Without the sample photographs of demo and tests");
    fetch_command->add_option(
        "--with", request.accepted,
        "A model with a notice (see list) that is fetched too; it is used once `menshen models accept` has it");
    const auto* verify = app.add_subcommand("verify", "Check every file against its hash");
    const auto* convert = app.add_subcommand("convert", "Make the form that OpenCV runs");
    const auto* list = app.add_subcommand("list", "Names, hashes, sizes, licences and sources");
    const auto* photos = app.add_subcommand("photos", "Print the folder of the sample photographs");
    app.fallthrough();
    CLI11_PARSE(app, argc, argv);
    request.with_photos = !no_photos;
    if (fetch_command->parsed()) return run_fetch(request);
    if (verify->parsed()) return run_verify(request.dir);
    if (convert->parsed()) return run_convert(request.dir);
    if (list->parsed()) return run_list(request.dir);
    return photos->parsed() ? run_photos(request.dir) : 2;
}
