#pragma once
/// What a cosine means, model by model: how high it must be for a stated error rate, and how sure that is. Pure data, read from
/// models/calibration/<model>.yaml (compiled in) or a site's own file of the same form, both written by `menshen-faces
/// calibrate`. docs/face-accuracy.md has the protocol behind the numbers.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/problems.hpp"
#include "core/result.hpp"
#include "models/fusion.hpp"

namespace menshen::models {

/// No cosine reaches it: the threshold where nothing may match.
inline constexpr float kNeverMatches = 2.0F;
/// The share of strangers that may be taken for somebody, unless the config says otherwise.
inline constexpr double kDefaultFpir = 1e-3;
/// The share of other people's faces that may pass with a card, unless the config says otherwise.
inline constexpr double kDefaultFmr = 1e-4;

/// The cosine from which a face is somebody's.
struct Threshold {
    float cosine = kNeverMatches;
    bool extrapolated = true;  ///< Beyond what was measured: it may greet; it must not open a door by face alone.
};

/// A rate with its 95 % confidence interval; all between 0 and 1.
struct Rate {
    double value = 0;
    double low = 0;
    double high = 1;
};

/// Thresholds of one model.
struct Calibration {
    /// One face against a gallery of so many persons.
    struct OneToMany {
        std::size_t persons = 0;        ///< In the gallery.
        double fpir = 0;                ///< The stated target: the share of strangers taken for somebody.
        float cosine = kNeverMatches;   ///< The best person's score must reach it, and lead by `margin`.
        bool measured = false;          ///< False: extrapolated.
        Rate rate = {};                 ///< At `cosine`: observed when measured, else only expected, by the fitted tail.
        std::optional<Rate> tpir = {};  ///< Residents recognised in one picture; nothing when it was not measured.
        std::size_t behind = 0;         ///< Persons the entry rests on.
    };
    /// One face against one person.
    struct OneToOne {
        double fmr = 0;  ///< The stated target: the share of other people's faces taken for that person's.
        float cosine = kNeverMatches;
        bool measured = false;
        Rate rate = {};                 ///< Likewise.
        std::optional<Rate> fnmr = {};  ///< The share of a person's own faces refused.
        std::size_t behind = 0;
    };

    std::string model;                      ///< The manifest's name: "dlib-resnet-v1".
    std::vector<OneToMany> one_to_many;     ///< Ascending in persons; within one size from the loosest rate to the strictest.
    float margin = 0;                       ///< By which the best person must lead the second-best.
    float stranger_ceiling = 0;             ///< A face this near to a person is no stranger, though it may be nobody either.
    float stranger_join = 0;                ///< Cosine to a stranger's centroid from which a face is that stranger.
    float stranger_new = 0;                 ///< Below this to every centroid it is a new one; in between it counts for none.
    std::vector<OneToOne> one_to_one = {};  ///< From the loosest rate to the strictest.
    /// What the thresholds hold for: how the pictures of an enrolment are compared. Never `average`.
    Fusion fusion = Fusion::best;
    std::string weights = {};   ///< The start of the sha256 of the network's file, as in a template's model.
    std::string source = {};    ///< On which pictures, in words.
    std::string pipeline = {};  ///< What made the templates, in words: for people, and never compared.
    /// How faces became templates, as preparation_of() of models/preparation.hpp has it: the thresholds hold for no other way.
    std::string preparation = {};
    std::size_t persons = 0;   ///< All persons the thresholds were fitted on.
    std::size_t pictures = 0;  ///< And their pictures.

    /// The entry for a gallery of `persons`: the next larger size and the next stricter rate that are in the table, so that the
    /// target holds. Null when the gallery is larger, or the target stricter, than the whole table.
    [[nodiscard]] const OneToMany* entry_for(std::size_t persons, double target_fpir) const;
    [[nodiscard]] const OneToOne* entry_for(double target_fmr) const;

    /// 1:N; kNeverMatches and extrapolated beyond the table.
    [[nodiscard]] Threshold identify(std::size_t persons, double target_fpir) const;
    /// 1:1; likewise.
    [[nodiscard]] Threshold verify(double target_fmr) const;
};

/// The numbers of a model, or nothing when it was never calibrated: such a model must not decide anything. `model` is a name of
/// the manifest, or a whole tag ("dlib-resnet-v1@55533b28"): then the weights must be those that were calibrated.
[[nodiscard]] std::optional<Calibration> calibration_of(std::string_view model);

/// The table a gate goes by: the site's own `file`, or the one that ships when that is empty. `model` is the whole tag of the
/// gate's templates. Refused, with the file and what to do, when the table is of another model or other weights, or when faces
/// were prepared in another way for it than this gate prepares them: its cosines would mean something else. Reads one file.
[[nodiscard]] Result<Calibration> calibration_for(const std::string& file, const std::string& model);

/// Reads a table; every problem at once with its line and the remedy, and then nothing. Thresholds must not fall as galleries
/// grow or targets get stricter.
[[nodiscard]] std::optional<Calibration> parse_calibration(std::string_view file, std::string_view text, Problems& problems);

/// The form that parse_calibration() reads; cosines with four digits, rates with three significant ones.
[[nodiscard]] std::string to_yaml(const Calibration& calibration);

}  // namespace menshen::models
