#include "sim/core/quantile.hpp"

#include <cfloat>

#include "sim/core/random.hpp"

namespace byzsim {
namespace {

static_assert(FLT_EVAL_METHOD == 0, "tables must be computed in double, not in wider registers");

constexpr double kLn2 = 0.693147180559945309417;

/// ln(mantissa * 2^exponent) for a mantissa in [1, 2], by the series of the inverse hyperbolic tangent.
double logarithm(double mantissa, int exponent) {
  if (mantissa > 1.41421356) {
    mantissa /= 2;
    ++exponent;
  }
  const double s = (mantissa - 1) / (mantissa + 1);  // |s| < 0.172, so the 14th term is below 2^-70
  const double square = s * s;
  double sum = 0;
  for (int j = 14; j >= 0; --j) sum = sum * square + 1.0 / (2 * j + 1);
  return exponent * kLn2 + 2 * s * sum;
}

/// Square root of a number in [0.1, 100], by Newton's iteration.
double square_root(double a) {
  double x = (1 + a) / 2;
  for (int i = 0; i < 14; ++i) x = (x + a / x) / 2;
  return x;
}

/// e^x for x in [0, 1], by Taylor's series.
double exponential_of(double x) {
  double sum = 1;
  for (int j = 24; j >= 1; --j) sum = 1 + sum * x / j;
  return sum;
}

double polynomial(const double (&coefficients)[8], double x) {
  double value = 0;
  for (int i = 7; i >= 0; --i) value = value * x + coefficients[i];
  return value;
}

/// The x with P(Z > x) = mantissa * 2^exponent <= 1/2. Wichura's AS241, routine PPND16 (Applied Statistics 37, 1988),
/// relative error about 1e-16.
double normal_upper_quantile(double mantissa, int exponent) {
  static constexpr double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                  1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                  3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double b[8] = {1.0,
                                  4.2313330701600911252e+1,
                                  6.8718700749205790830e+2,
                                  5.3941960214247511077e+3,
                                  2.1213794301586595867e+4,
                                  3.9307895800092710610e+4,
                                  2.8729085735721942674e+4,
                                  5.2264952788528545610e+3};
  static constexpr double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                  3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double d[8] = {1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
  static constexpr double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double f[8] = {1.0,
                                  5.99832206555887937690e-1,
                                  1.36929880922735805310e-1,
                                  1.48753612908506148525e-2,
                                  7.86869131145613259100e-4,
                                  1.84631831751005468180e-5,
                                  1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};
  double p = mantissa;
  for (int i = exponent; i < 0; ++i) p /= 2;
  const double q = 0.5 - p;
  if (q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  const double r = square_root(-logarithm(mantissa, exponent));
  if (r <= 5) return polynomial(c, r - 1.6) / polynomial(d, r - 1.6);
  return polynomial(e, r - 5) / polynomial(f, r - 5);
}

std::int64_t fixed(double x) {
  return static_cast<std::int64_t>(x * static_cast<double>(kFixedOne) + 0.5);
}

}  // namespace

Quantiles::Quantiles() {
  constexpr int normal_cells = 1 << kNormalCellBits;
  for (int octave = 0; octave < 63; ++octave) {
    for (int cell = 0; cell < normal_cells; ++cell) {
      const double mantissa = 1.0 + static_cast<double>(cell) / normal_cells;
      normal_[static_cast<std::size_t>(octave * normal_cells + cell)] =
          fixed(normal_upper_quantile(mantissa, octave - 64));
    }
  }
  normal_.back() = 0;
  constexpr int logarithm_cells = 1 << kLogarithmCellBits;
  for (int cell = 0; cell <= logarithm_cells; ++cell) {
    const double mantissa = 1.0 + static_cast<double>(cell) / logarithm_cells;
    logarithm_[static_cast<std::size_t>(cell)] = fixed(-logarithm(mantissa, -1));
  }
  constexpr int exp2_cells = 1 << kExp2CellBits;
  for (int cell = 0; cell <= exp2_cells; ++cell) {
    exp2_[static_cast<std::size_t>(cell)] = fixed(exponential_of(kLn2 * cell / exp2_cells));
  }
}

const Quantiles& Quantiles::tables() {
  static const Quantiles instance;
  return instance;
}

std::uint64_t Quantiles::hash() const {
  std::uint64_t hash = 0;
  const auto add = [&](const auto& table) {
    for (std::int64_t entry : table) hash = mix64(hash + static_cast<std::uint64_t>(entry) + 0x9e3779b97f4a7c15ULL);
  };
  add(normal_);
  add(logarithm_);
  add(exp2_);
  return hash;
}

}  // namespace byzsim
