// The tables themselves: mean round trips in units of 10 us, a row for each sender.
#include <algorithm>
#include <iterator>

#include "sim/core/options.hpp"
#include "sim/net/regions.hpp"

namespace byzsim {
namespace {

// Averages over 2021 as published by cloudping.co, in the selection of the Delphi-BFT simulator. Measured from each end
// separately, so not symmetric; the diagonal is a round trip within the region.
constexpr std::string_view kAwsNames[] = {
    "af-south-1",     "ap-east-1",      "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-southeast-1", "ap-southeast-2", "ca-central-1",   "eu-central-1",   "eu-north-1",     "eu-south-1",
    "eu-west-1",      "eu-west-2",      "eu-west-3",      "me-south-1",     "sa-east-1",      "us-east-1",
    "us-east-2",      "us-west-1",      "us-west-2"};
// clang-format off
constexpr std::uint16_t kAwsRoundTrips[] = {
      923, 25063, 35520, 38278, 36032, 15790, 21487, 41099, 22221, 16120, 17640, 18316, 15719, 14817, 15372, 14619, 33130, 22080, 23247, 29219, 27223,  // af-south-1
    25527,   332,  5308,  4026,  4971,  9950,  3793, 12966, 19407, 19298, 21021, 18259, 20890, 19795, 19421, 12834, 30709, 19697, 18320, 15610, 14626,  // ap-east-1
    36051,  5503,   218,  3587,  1032, 13385,  7206, 10917, 14439, 22375, 24382, 21594, 20212, 21081, 21691, 16648, 25625, 14675, 13236, 10824,  9804,  // ap-northeast-1
    38811,  3840,  3592,   264,  2448, 13319,  8016, 14565, 17336, 22319, 24363, 21490, 23195, 23998, 24630, 16754, 28794, 17592, 16334, 13134, 12495,  // ap-northeast-2
    36210,  4955,  1010,  2540,   149, 13548,  7292, 11881, 14964, 23088, 25022, 22107, 20718, 21729, 22204, 16175, 26307, 15209, 13790, 11056, 10040,  // ap-northeast-3
    16340,  9880, 13469, 13246, 13751,   379,  6087, 15174, 18959, 13039, 15028, 10893, 12452, 11520, 10687,  3617, 29935, 18695, 19726, 23287, 22461,  // ap-south-1
    22095,  3916,  7509,  8227,  7422,  5987,   391,  9435, 21171, 15794, 17777, 14959, 17275, 16684, 16107,  9487, 32352, 21315, 19865, 17603, 16597,  // ap-southeast-1
    41799, 12823, 10792, 14306, 12066, 15308,  9613,   264, 19863, 25069, 29719, 24030, 25764, 26743, 27987, 18643, 31436, 19906, 18877, 13927, 14141,  // ap-southeast-2
    22741, 19356, 14343, 17295, 14917, 18872, 21037, 19763,   348,  9376, 10789, 10092,  7115,  7824,  8392, 16135, 12710,  1466,  2481,  7932,  6147,  // ca-central-1
    16459, 19052, 22535, 22484, 22954, 13115, 16075, 24836,  9270,   295,  2203,  1261,  2559,  1652,  1252, 12058, 20472,  9140, 10284, 15134, 14114,  // eu-central-1
    18133, 21253, 24295, 24350, 24969, 15105, 17753, 29855, 10860,  2411,   287,  3188,  4305,  3389,  3255, 14009, 21852, 11211, 12143, 17545, 16004,  // eu-north-1
    18781, 18299, 21408, 21548, 22155, 10873, 14918, 23993, 10074,  1238,  3174,   276,  3549,  2659,  2097, 11123, 21338, 10161, 11114, 16047, 14977,  // eu-south-1
    16493, 20707, 20064, 23020, 20737, 12361, 17515, 25773,  7101,  2795,  4428,  3492,   335,  1391,  1871,  9730, 18033,  6916,  7904, 13001, 11963,  // eu-west-1
    15171, 19838, 20960, 23981, 21617, 11434, 16603, 26696,  7977,  2010,  3292,  2600,  1351,   161,   985,  8835, 18743,  7655,  8712, 15012, 12938,  // eu-west-2
    16461, 19457, 21591, 24622, 22194, 10774, 16322, 27982,  8673,  1332,  3195,  2105,  1823,   941,   163,  8018, 19631,  8306,  9371, 14353, 13469,  // eu-west-3
    14873, 12771, 16776, 16614, 16281,  3732,  9270, 18871, 16223, 11979, 13962, 11151,  9624,  8876,  7974,   268, 35386, 16136, 16997, 22135, 21184,  // me-south-1
    33309, 30665, 25659, 28693, 26288, 30101, 32405, 31285, 12549, 20567, 21844, 21449, 18112, 18746, 19637, 27237,   304, 11645, 12512, 17539, 17713,  // sa-east-1
    22838, 19375, 14794, 17477, 15118, 18981, 21668, 19918,  1713,  9497, 11378, 10364,  7026,  7751,  8546, 15992, 11476,   585,  1491,  6253,  6526,  // us-east-1
    23571, 18267, 13566, 16202, 13932, 20089, 20002, 18954,  2776, 10334, 12485, 11231,  8023,  8778,  9603, 17073, 12475,  1580,   566,  5609,  5619,  // us-east-2
    29594, 15594, 10866, 13124, 10933, 23521, 17749, 14056,  7954, 15241, 17447, 16195, 13054, 14802, 14280, 21986, 17515,  6205,  5275,   303,  2183,  // us-west-1
    27656, 14655,  9791, 12137,  9914, 22676, 16679, 14045,  6066, 14166, 15997, 15028, 11871, 12838, 13427, 21237, 17565,  6488,  5169,  2214,   242,  // us-west-2
};
// clang-format on

// Medians between the 54 instances of the Mysticeti testbed on 2026-09-18 (github.com/asonnino/mysticeti, issue 277),
// whose jitter (mdev) was at most 1 ms everywhere. Its 50 validators stand round robin in the six regions. Symmetric;
// the round trip within ap-northeast-1 was not measured and is taken to be that within us-east-1.
constexpr std::string_view kMysticetiNames[] = {"us-east-1", "us-east-2", "eu-central-1",
                                                "eu-west-2", "eu-west-3", "ap-northeast-1"};
// clang-format off
constexpr std::uint16_t kMysticetiRoundTrips[] = {
       20,  1140,  9060,  7530,  8220, 14640,  // us-east-1
     1140,    60,  9560,  8610,  9070, 13480,  // us-east-2
     9060,  9560,    40,  1200,   820, 23830,  // eu-central-1
     7530,  8610,  1200,    20,   740, 21220,  // eu-west-2
     8220,  9070,   820,   740,    10, 21920,  // eu-west-3
    14640, 13480, 23830, 21220, 21920,    20,  // ap-northeast-1
};
// clang-format on

const RegionTable kTables[] = {
    {"aws-21", "cloudping.co averages of 2021", kAwsNames, kAwsRoundTrips},
    {"mysticeti-6", "Mysticeti testbed, 2026-09-18", kMysticetiNames, kMysticetiRoundTrips},
};
static_assert(std::size(kAwsRoundTrips) == std::size(kAwsNames) * std::size(kAwsNames));
static_assert(std::size(kMysticetiRoundTrips) == std::size(kMysticetiNames) * std::size(kMysticetiNames));

const Registered<> aws_entry{"regions", "aws-21", "21 AWS regions, mean round trips of 2021 (cloudping.co)"};
const Registered<> mysticeti_entry{"regions", "mysticeti-6",
                                   "6 AWS regions of the Mysticeti testbed, median round trips of September 2026"};

}  // namespace

std::optional<std::size_t> RegionTable::find(std::string_view region) const {
  const auto found = std::find(names.begin(), names.end(), region);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

const RegionTable* find_regions(std::string_view name) {
  for (const RegionTable& table : kTables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace byzsim
