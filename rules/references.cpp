#include "rules/references.hpp"

#include "rules/calendar_file.hpp"
#include "rules/recipients_file.hpp"

namespace menshen::rules {

ParseOptions load_references(const ReferenceFiles& files, Problems& problems) {
    ParseOptions out;
    if (!files.calendar.empty()) {
        if (auto read = load_calendar(files.calendar, problems)) {
            out.calendar = std::move(read->calendar);
            out.schedules = std::move(read->schedules);
        }
    }
    if (!files.recipients.empty()) {
        out.recipients = load_recipients(files.recipients, out.schedules, problems);
    } else if (!files.recipient_ids.empty()) {
        out.recipients = recipients_named({files.recipient_ids.begin(), files.recipient_ids.end()});
    }
    return out;
}

}  // namespace menshen::rules
