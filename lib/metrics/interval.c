#include "metrics/interval.h"

#include <math.h>
#include <stddef.h>

static double polynomial(const double coefficients[8], double x)
{
	double sum = 0;
	for (size_t i = 8; i > 0; i--)
		sum = sum * x + coefficients[i - 1];
	return sum;
}

static const double central_over[8] = { 3.3871328727963666080e0, 1.3314166789178437745e2,
	1.9715909503065514427e3, 1.3731693765509461125e4, 4.5921953931549871457e4,
	6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3 };
static const double central_under[8] = { 1.0, 4.2313330701600911252e1, 6.8718700749205790830e2,
	5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
	2.8729085735721942674e4, 5.2264952788528545610e3 };
static const double near_over[8] = { 1.42343711074968357734e0, 4.63033784615654529590e0,
	5.76949722146069140550e0, 3.64784832476320460504e0, 1.27045825245236838258e0,
	2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4 };
static const double near_under[8] = { 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
	6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
	5.47593808499534494600e-4, 1.05075007164441684324e-9 };
static const double far_over[8] = { 6.65790464350110377720e0, 5.46378491116411436990e0,
	1.78482653991729133580e0, 2.96560571828504891230e-1, 2.65321895265761230930e-2,
	1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7 };
static const double far_under[8] = { 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
	1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
	1.42151175831644588870e-7, 2.04426310338993978564e-15 };

double upk_normal_quantile(double p)
{
	double q = p - 0.5;
	if (fabs(q) <= 0.425) {
		double r = 0.180625 - q * q;
		return q * polynomial(central_over, r) / polynomial(central_under, r);
	}

	double r = sqrt(-log(q < 0 ? p : 1 - p));
	double x = r <= 5 ? polynomial(near_over, r - 1.6) / polynomial(near_under, r - 1.6)
			  : polynomial(far_over, r - 5) / polynomial(far_under, r - 5);
	return q < 0 ? -x : x;
}

struct upk_interval upk_interval_wilson(uint64_t k, uint64_t n, double level)
{
	if (n == 0)
		return (struct upk_interval){ NAN, NAN };

	double trials = (double)n;
	double p = (double)k / trials;
	double z = upk_normal_quantile(0.5 + level / 2);
	double scale = 1 + z * z / trials;
	double centre = (p + z * z / (2 * trials)) / scale;
	double half = z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / scale;
	/* At both ends the formula gives 0 and 1 but for its rounding. */
	return (struct upk_interval){
		.low = k == 0 ? 0 : fmax(0, centre - half),
		.high = k == n ? 1 : fmin(1, centre + half),
	};
}

struct upk_interval upk_interval_f1(uint64_t tp, uint64_t fp, uint64_t fn, double level)
{
	struct upk_interval p = upk_interval_wilson(tp, tp + fp + fn, level);
	return (struct upk_interval){
		.low = 2 * p.low / (1 + p.low),
		.high = 2 * p.high / (1 + p.high),
	};
}

struct upk_interval upk_interval_normal(double value, double se, double level)
{
	if (isnan(value) || isnan(se))
		return (struct upk_interval){ NAN, NAN };

	double half = upk_normal_quantile(0.5 + level / 2) * se;
	return (struct upk_interval){ fmax(0, value - half), fmin(1, value + half) };
}
