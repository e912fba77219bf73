package dev.edgetag.demo

import android.os.Build

/** The phone, as reports name it; [soc] is empty where Android does not say. */
data class DeviceInfo(val manufacturer: String, val model: String, val sdk: Int, val soc: String) {
    /** One line for people. */
    override fun toString(): String = "$manufacturer $model, API $sdk" + if (soc.isEmpty()) "" else ", $soc"

    companion object {
        /** Returns this phone. */
        fun current(): DeviceInfo {
            val soc = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) "${Build.SOC_MANUFACTURER} ${Build.SOC_MODEL}" else ""
            return DeviceInfo(Build.MANUFACTURER, Build.MODEL, Build.VERSION.SDK_INT, soc)
        }
    }
}
